"""A real browser in front of a real web process on a real socket. Without Chromium the tests skip, saying so."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright
from sqlmodel import SQLModel

import campaign.records  # noqa: F401  registers every table
from campaign import clock, store
from campaign.database import Database
from campaign.file import parse
from campaign.settings import Settings
from tests.webhooks.senders import ACCOUNT, API_TOKEN, AUTH_TOKEN, SECRET
from webhooks.http_app import create_app

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
CAMPAIGN = f"""
name: solar-us
seller: {{legal_name: Brightroof Solar LLC, brand: Brightroof}}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources:
  - {{name: website, kind: standard, secret: {SECRET}}}
people:
  - {{name: Sal, calendar: sal@example.com, phone: "+12125550111"}}
hours: {{all: ["00:00-24:00"]}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    database: Database


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module: an open Playwright is a running event loop, and async tests of other modules could not start theirs."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on the PATH: browser tests need one (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The web process, served from a thread on a free port, until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = Settings(
        _env_file=None,
        public_url=url,
        database_url=f"sqlite:///{tmp_path}/firstring.db",
        var_dir=tmp_path,
        redis_url=None,
        secret_key="a key of the tests",
        api_token=API_TOKEN,
        environment="sandbox",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH_TOKEN,
    )
    database = Database(settings.database_url)
    SQLModel.metadata.create_all(database.engine)
    with database.transaction() as session:
        store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="tests", now=clock.now())
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield Site(url, database)
    server.should_exit = True
    thread.join(10)
    database.dispose()
