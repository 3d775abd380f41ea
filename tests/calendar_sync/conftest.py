"""A real calendar server on a real socket, a real database file, and a campaign with two salespeople."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel

from calendar_sync.calendar import Calendar
from campaign import ids
from campaign.database import Database
from campaign.file import Campaign, parse
from campaign.jobs import Job
from campaign.records import Attempt, Lead
from campaign.settings import Settings

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
SAL, KIM = "sal@example.com", "kim@example.com"

DOCUMENT = """
name: solar-us
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources: [{name: website, secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0}]
people:
  - {name: Sal, calendar: sal@example.com}
  - {name: Kim, calendar: kim@example.com}
"""


@dataclass
class Sandbox:
    """The sandbox's Google, and the hands to make it misbehave."""

    url: str
    credentials: Path
    before: int = 0
    """Requests made by earlier tests."""

    def fault(self, **knobs: Any) -> None:
        answer = httpx.post(f"{self.url}/_sandbox/faults", json=knobs)
        assert answer.status_code == 200, answer.text

    def events(self, *, cancelled: bool = False) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.url}/_sandbox/events").json()
        return [event for event in found if cancelled or event["status"] != "cancelled"]

    def stranger(self, calendar: str, **event: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/_sandbox/events", json={"calendarId": calendar, **event})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def requests(self, part: str) -> list[dict[str, Any]]:
        log = httpx.get(f"{self.url}/_sandbox/requests").json()
        return [one for one in log[self.before :] if part in one["path"]]


@pytest.fixture(scope="session")
def google_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    credentials = tmp_path_factory.mktemp("google") / "service-account.json"
    command = [
        sys.executable,
        "-m",
        "sandbox.google",
        "--port",
        "0",
        "--empty",
        "--write-credentials",
        str(credentials),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield Sandbox(url, credentials)
        process.terminate()


@pytest.fixture
def google(google_process: Sandbox) -> Sandbox:
    httpx.post(f"{google_process.url}/_sandbox/reset")
    before = len(httpx.get(f"{google_process.url}/_sandbox/requests").json())
    made = Sandbox(google_process.url, google_process.credentials, before)
    made.fault(service_account_attendees="allowed")
    return made


@pytest.fixture
def sent() -> list[tuple[Job, str]]:
    """Jobs that committed transactions asked for."""
    return []


@pytest.fixture
def database(tmp_path: Path, sent: list[tuple[Job, str]]) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/test.db", lambda job, entity_id: sent.append((job, entity_id)), pool_size=20)
    SQLModel.metadata.create_all(made.engine)
    yield made
    made.dispose()


@pytest.fixture
def settings(google: Sandbox, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        google_calendar_url=google.url,
        google_service_account_file=google.credentials,
        public_url="https://firstring.example.com",
        var_dir=tmp_path,
    )


@pytest.fixture
def campaign() -> Campaign:
    return parse(DOCUMENT)


@pytest.fixture
def calendar(settings: Settings, database: Database) -> Iterator[Calendar]:
    made = Calendar(settings, database)
    yield made
    made.close()


@pytest.fixture
def new_lead(database: Database) -> Callable[..., Lead]:
    return partial(_new_lead, database)


@pytest.fixture
def lead(database: Database) -> Lead:
    return _new_lead(database)


def _new_lead(database: Database, **given: Any) -> Lead:
    """A lead with an attempt under way; the attempt's id is `att_` + the lead's id."""
    lead_id = ids.new("lead")
    fields = {
        "campaign": "solar-us",
        "source": "website",
        "external_id": lead_id,
        "first_name": "Dana",
        "last_name": "Lee",
        "email": "dana@example.com",
        "phone": "+12125550101",
        "received_at": NOW - timedelta(minutes=1),
        "updated_at": NOW,
    }
    lead = Lead(id=lead_id, **{**fields, **given})
    with database.transaction() as session:
        session.add(lead)
        session.flush()
        session.add(
            Attempt(
                id=f"att_{lead_id}",
                lead_id=lead_id,
                campaign="solar-us",
                campaign_version=1,
                number=1,
                fence=1,
                to_number=f"+1{lead_id[-10:]}",
                from_number="+12125550100",
                intent_at=NOW,
                intent_real_at=NOW,
            )
        )
    return lead
