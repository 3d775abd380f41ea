"""The operations page: stop and resume, dead letters tried again; from the command line as well."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import redis
from sqlmodel import select
from typer.testing import CliRunner

from campaign import clock, effects
from campaign.database import Database
from campaign.jobs import PREFIX
from campaign.records import Halt, InboxMessage, Lead, OutboxEntry
from campaign.settings import Settings
from tests.webhooks.senders import signed
from tests.webhooks.test_console import signed_in, submitted, token_in
from webhooks.cli import app as command

Make = Callable[..., dict[str, Any]]
PAGE = "/console/operations"


def everything(database: Database, table: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(table)))


async def test_stop_and_resume(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    await signed_in(web)
    token = token_in((await web.get(PAGE)).text)
    stop = {"form_token": token, "scope": "account", "reason": "<b>wrong</b>"}
    assert (await web.post(f"{PAGE}/halt", data=stop)).status_code == 303
    assert [(row.scope, row.until) for row in everything(database, Halt)] == [("account", None)]
    shown = (await web.get(PAGE)).text
    assert "&lt;b&gt;wrong&lt;/b&gt;" in shown
    told = (await web.post("/leads/website", **signed(json.dumps(lead()).encode()))).json()
    assert (told["status"], told["reason"]) == ("scheduled", "halted")
    assert (await web.post(f"{PAGE}/resume", data={"form_token": token, "scope": "account"})).status_code == 303
    assert everything(database, Halt) == []


@pytest.mark.parametrize("what", ["halt", "resume", "replay"])
async def test_only_a_form_of_this_session_acts(web: httpx.AsyncClient, database: Database, what: str) -> None:
    assert (await web.post(f"{PAGE}/{what}", data={"scope": "account"})).status_code == 303
    await signed_in(web)
    answer = await web.post(f"{PAGE}/{what}", data={"scope": "account", "form_token": "guessed"})
    assert answer.status_code == 403
    assert everything(database, Halt) == []


async def test_a_scope_nobody_has_is_refused(web: httpx.AsyncClient) -> None:
    await signed_in(web)
    token = token_in((await web.get(PAGE)).text)
    assert (await web.post(f"{PAGE}/halt", data={"form_token": token, "scope": "x"})).status_code == 422


async def test_dead_letters_are_shown_and_tried_again(
    web: httpx.AsyncClient, database: Database, lead: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability rules 41 and 51: what could not be delivered or read waits for a person, and nothing is sent twice for it."""
    lead_id = await submitted(web, lead())
    with database.transaction() as session:
        effects.owe_lead(session, lead_id, clock.now())
    with database.transaction() as session:
        row = session.exec(select(OutboxEntry)).one()
        row.state, row.last_error = "review", "no such property"
    broken = signed(b'{"phone": ', message_id="m1")
    assert (await web.post("/leads/website", **broken)).status_code == 400
    await signed_in(web)
    page = (await web.get(PAGE)).text
    assert "no such property" in page
    assert "malformed" in page
    metrics = (await web.get("/metrics")).text
    assert 'firstring_dead_letters{kind="outbox"} 1.0' in metrics
    assert 'firstring_dead_letters{kind="inbox"} 1.0' in metrics
    entry, [letter] = (
        everything(database, OutboxEntry)[0],
        [row for row in everything(database, InboxMessage) if row.state == "review"],
    )
    for id_ in (entry.id, letter.id):
        await web.post(f"{PAGE}/replay", data={"form_token": token_in(page), "id": id_})
    assert everything(database, OutboxEntry)[0].state == "due"
    assert {row.state for row in everything(database, InboxMessage)} == {"worked", "review"}, "it is still no JSON"

    mended = json.dumps(lead(external_id="")).encode()
    with database.transaction() as session:
        session.get_one(InboxMessage, letter.id).body = mended
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    run = CliRunner()
    assert letter.id in run.invoke(command, ["inbox", "list"], env={"COLUMNS": "300"}).output
    assert run.invoke(command, ["inbox", "replay"]).output.startswith("1 read")
    assert len(everything(database, Lead)) == 2
    assert {row.state for row in everything(database, InboxMessage)} == {"worked"}


async def test_metrics_of_the_queues(web: httpx.AsyncClient, broker: str, lead: Make) -> None:
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
        client.rpush(f"{PREFIX}crm", "a", "b")
    await submitted(web, lead())
    text = (await web.get("/metrics")).text
    assert 'firstring_queue_depth{queue="crm"} 2.0' in text
    assert 'firstring_queue_depth{queue="dial"}' in text
    assert 'firstring_oldest_due_seconds{queue="dial"}' in text
    assert 'firstring_oldest_due_seconds{queue="crm"} 0.0' in text
    assert "firstring_brakes 0.0" in text
