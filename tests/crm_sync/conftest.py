"""Real CRM servers on real sockets, a real database file, and a lead whose call has just been settled."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel

from campaign import ids, store
from campaign.database import Database
from campaign.file import parse
from campaign.jobs import Job
from campaign.records import Attempt, Booking, Call, Consent, Lead, OutboxEntry, Outcome
from campaign.settings import Settings

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
SECRET = "whsec_dGVzdHMtc2lnbi13aXRoLXRoaXMtc2VjcmV0LTAx"

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
"""


@dataclass
class Sandbox:
    """One of the sandbox's CRM servers, and the hands to make it misbehave."""

    url: str
    before: int = 0

    def fault(self, **knobs: Any) -> None:
        answer = httpx.post(f"{self.url}/_sandbox/faults", json=knobs)
        assert answer.status_code == 200, answer.text

    def see(self, door: str) -> Any:
        return httpx.get(f"{self.url}/_sandbox/{door}").json()

    def objects(self, kind: str) -> list[dict[str, Any]]:
        return list(self.see("objects")[kind])

    def requests(self, part: str = "") -> list[dict[str, Any]]:
        return [one for one in self.see("requests")[self.before :] if part in one["path"]]


@contextmanager
def _running(name: str, *arguments: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", f"sandbox.{name}", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield Sandbox(url)
        process.terminate()


@pytest.fixture(scope="session")
def hubspot_process() -> Iterator[Sandbox]:
    with _running("hubspot", "--token", "pat-sandbox") as server:
        yield server


@pytest.fixture(scope="session")
def sink_process() -> Iterator[Sandbox]:
    with _running("crm_sink", "--secret", SECRET) as server:
        yield server


def _fresh(server: Sandbox) -> Sandbox:
    httpx.post(f"{server.url}/_sandbox/reset")
    return Sandbox(server.url, len(server.see("requests")))


@pytest.fixture
def hubspot(hubspot_process: Sandbox) -> Sandbox:
    return _fresh(hubspot_process)


@pytest.fixture
def sink(sink_process: Sandbox) -> Sandbox:
    return _fresh(sink_process)


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    def make(**given: Any) -> Settings:
        return Settings(_env_file=None, public_url="https://firstring.example.com", var_dir=tmp_path, **given)

    return make


@pytest.fixture
def to_hubspot(hubspot: Sandbox, settings_of: Callable[..., Settings]) -> Settings:
    return settings_of(crm="hubspot", hubspot_access_token="pat-sandbox", hubspot_api_url=hubspot.url)


@pytest.fixture
def to_sink(sink: Sandbox, settings_of: Callable[..., Settings]) -> Settings:
    return settings_of(crm="webhook", crm_webhook_url=f"{sink.url}/crm", crm_webhook_secret=SECRET)


@pytest.fixture
def sent() -> list[tuple[Job, str]]:
    return []


@pytest.fixture
def database(tmp_path: Path, sent: list[tuple[Job, str]]) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/test.db", lambda job, entity_id: sent.append((job, entity_id)))
    SQLModel.metadata.create_all(made.engine)
    apply(made, DOCUMENT)
    yield made
    made.dispose()


def apply(database: Database, document: str) -> None:
    with database.transaction() as session:
        store.apply(session, parse(document), document, by="test", now=NOW)


@pytest.fixture
def campaign_document() -> str:
    return DOCUMENT


@pytest.fixture
def map_properties(database: Database) -> Callable[[str], None]:
    """Give the campaign CRM properties of its own."""
    return lambda crm: apply(database, f"{DOCUMENT}crm: {crm}\n")


@pytest.fixture
def settled(database: Database) -> Callable[..., str]:
    """Make a lead with a finished call and its outbox entry; returns the entry's id."""
    return partial(_settled, database)


def _settled(
    database: Database,
    *,
    lead: dict[str, Any] | None = None,
    attempt: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
    at: datetime = NOW,
    effect: str = "crm.call",
) -> str:
    lead_id, attempt_id, entry_id = ids.new("lead"), ids.new("att"), ids.new("out")
    person = {
        "first_name": "Dana",
        "last_name": "Lee",
        "email": "dana@example.com",
        "phone": "+12125550101",
        "company": "Lee & Sons <script>",
        "answers": {"budget": "9000"},
        "state": "booked",
        "outcome": "booked",
        "outcome_at": at,
        **(lead or {}),
    }
    with database.transaction() as session:
        session.add(
            Lead(
                id=lead_id,
                campaign="solar-us",
                source="website",
                external_id=lead_id,
                received_at=at - timedelta(minutes=3),
                updated_at=at,
                **person,
            )
        )
        session.flush()
        session.add(
            Consent(
                id=ids.new("con"),
                lead_id=lead_id,
                campaign="solar-us",
                seller_legal_name="Brightroof Solar LLC",
                phone=person["phone"],
                given=True,
                text='I agree to be called by "Brightroof" <b>using AI</b>.',
                version="2027-01",
                url="https://brightroof.example.com/quote?a=1&b=2",
                ip="203.0.113.9",
                method="checkbox",
                at=at - timedelta(minutes=3),
                recorded_at=at - timedelta(minutes=3),
                salt="s",
            )
        )
        if effect == "crm.call":
            session.add(
                Attempt(
                    **{
                        "id": attempt_id,
                        "lead_id": lead_id,
                        "campaign": "solar-us",
                        "campaign_version": 1,
                        "number": 1,
                        "fence": 1,
                        "state": "completed",
                        "to_number": "+12125550101",
                        "from_number": "+12125550100",
                        "intent_at": at - timedelta(seconds=100),
                        "intent_real_at": at,
                        "answered_at": at - timedelta(seconds=90),
                        "ended_at": at,
                        "settled_at": at,
                        "call_duration_s": 88,
                        "recording_sid": "RE0123456789abcdef0123456789abcdef",
                        **(attempt or {}),
                    }
                )
            )
            session.flush()
            _conversation(session, lead_id, attempt_id, at, outcome or {})
        session.add(
            OutboxEntry(
                id=entry_id,
                effect=effect,
                entity_id=attempt_id if effect == "crm.call" else lead_id,
                lead_id=lead_id,
                due_at=at,
                created_at=at,
            )
        )
    return entry_id


def _conversation(session: Any, lead_id: str, attempt_id: str, at: datetime, outcome: dict[str, Any]) -> None:
    session.add(
        Call(
            attempt_id=attempt_id,
            lead_id=lead_id,
            campaign="solar-us",
            playbook="solar-us",
            playbook_sha256="x",
            reached="human",
            wanted="booked",
            summary="Owns the home.\nBill is <180> dollars & rising.",
            summary_by="model",
            answers={"homeowner": True, "monthly_bill": 180.0, "roof_shade": {"value": "mostly sunny"}},
        )
    )
    session.add(
        Booking(
            id=ids.new("book"),
            attempt_id=attempt_id,
            lead_id=lead_id,
            campaign="solar-us",
            person="Sal",
            calendar="sal@example.com",
            starts_at=datetime(2027, 3, 2, 15, tzinfo=UTC),
            ends_at=datetime(2027, 3, 2, 15, 30, tzinfo=UTC),
            timezone="America/New_York",
            state="confirmed",
            event_id="e",
            created_at=at,
        )
    )
    session.add(
        Outcome(
            **{
                "id": ids.new("outc"),
                "lead_id": lead_id,
                "attempt_id": attempt_id,
                "campaign": "solar-us",
                "reached": "human",
                "wanted": "booked",
                "next": "booked",
                "at": at,
                "salt": "s",
                **outcome,
            }
        )
    )


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
