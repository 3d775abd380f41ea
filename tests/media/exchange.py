"""A media process of ours between a real sandbox Twilio and a real sandbox Realtime API, with a web process for the doors."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlmodel import Session, col, select

from campaign import clock, file, ids, store
from campaign.database import Database
from campaign.jobs import QUEUES, Job
from campaign.records import Attempt, Call, Lead, ToolUse, Turn
from campaign.settings import Settings
from dialer.carrier import Carrier, Order, Placed
from tests.conftest import die_with_parent, wait_until
from webhooks.http_app import create_app
from webhooks.media.switchboard import Switchboard
from webhooks.media_app import media_server

ROOT = Path(__file__).parents[2]
ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "sandbox_auth_token_0123456789abcdef"
FROM = "+12125550100"

CAMPAIGN = """
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


@contextmanager
def sandbox(name: str, *arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", f"sandbox.{name}", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent) as process:  # noqa: PLW1509
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        try:
            yield url
        finally:
            process.terminate()


@dataclass
class World:
    """Addresses of the three vendors."""

    twilio: str
    realtime: str
    google: str
    credentials: Path

    def faults(self, vendor: str, **knobs: Any) -> None:
        answer = httpx.post(f"{getattr(self, vendor)}/_sandbox/faults", json=knobs)
        assert answer.status_code == 200, answer.text

    def script(self, number: str, steps: list[dict[str, Any]], answer: str = "human", voice: str = "rms") -> None:
        """Who answers this number, and what they do."""
        document = {"to": number, "answer": answer, "ring_s": 0.1, "steps": steps, "voice": voice}
        httpx.post(f"{self.twilio}/_sandbox/calls/script", json=document).raise_for_status()

    def reset(self) -> None:
        for vendor in (self.twilio, self.realtime, self.google):
            httpx.post(f"{vendor}/_sandbox/reset")

    def sessions(self) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.realtime}/_sandbox/sessions").json()
        return list(found["sessions"] if isinstance(found, dict) else found)

    def calls(self) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.twilio}/_sandbox/calls").json()
        return list(found["calls"] if isinstance(found, dict) else found)


@dataclass
class Story:
    """A call as it was written down."""

    call: Call
    turns: list[Turn]
    uses: list[ToolUse]
    lead: Lead

    @property
    def flags(self) -> list[str]:
        return [flag["flag"] for flag in self.call.flags]

    def said(self, role: str) -> str:
        return "\n".join(turn.text for turn in self.turns if turn.role == role)


@dataclass
class Exchange:
    world: World
    settings: Settings
    database: Database
    board: Switchboard
    carrier: Carrier
    jobs: list[tuple[Job, str]] = field(default_factory=list)
    campaign: str = "solar-us"

    async def ring(self, ending: str, first_name: str = "Maria", **lead: Any) -> str:
        """Dial the persona with these last two digits; the attempt's id. `lead`: what else the form told."""
        number = f"+121255501{ending}"
        attempt_id = await asyncio.to_thread(self._prepare, number, first_name, lead)
        base = f"{self.settings.public_base}/twilio/{attempt_id}"
        placed = await asyncio.to_thread(self.carrier.place, Order(number, FROM, base, 30, 600))
        assert isinstance(placed, Placed), placed
        return attempt_id

    def _prepare(self, number: str, first_name: str, given: dict[str, Any] | None = None) -> str:
        now = clock.now()
        lead = Lead(
            id=ids.new("lead"), campaign=self.campaign, source="website", external_id=ids.new("x"), first_name=first_name,
            phone=number, country="US", state="dialing", received_at=now, updated_at=now, **(given or {}),
        )  # fmt: skip
        attempt = Attempt(
            id=ids.new("att"), lead_id=lead.id, campaign=self.campaign, campaign_version=1, number=1, fence=1, to_number=number,
            from_number=FROM, intent_at=now, intent_real_at=clock.real_now(),
        )  # fmt: skip
        with self.database.transaction() as session:
            session.add(lead)
            session.flush()
            session.add(attempt)
        return attempt.id

    async def story(self, attempt_id: str, deadline: float = 110.0) -> Story:
        """Wait until the call is written down and let go."""
        until = time.monotonic() + deadline
        while True:
            found = await asyncio.to_thread(self._read, attempt_id)
            if found is not None and attempt_id not in self.board.live:
                return found
            assert time.monotonic() < until, "the call was never written down"
            await asyncio.sleep(0.02)

    def _read(self, attempt_id: str) -> Story | None:
        with self.database.reading() as session:
            call = session.get(Call, attempt_id)
            if call is None or call.ended_at is None:
                return None
            return Story(
                call, _rows(session, Turn, attempt_id), _rows(session, ToolUse, attempt_id), _lead(session, call)
            )

    async def until(self, condition: Any, what: str, deadline: float = 30.0) -> None:
        until = time.monotonic() + deadline
        while not await asyncio.to_thread(condition):
            assert time.monotonic() < until, what
            await asyncio.sleep(0.02)

    def nothing_left(self) -> None:
        """No live call, no task of one."""
        assert self.board.live == set()
        names = [task.get_name() for task in asyncio.all_tasks()]
        assert not {"phone", "model"} & set(names)


def _rows(session: Session, kind: Any, attempt_id: str) -> list[Any]:
    return list(session.exec(select(kind).where(col(kind.attempt_id) == attempt_id).order_by(kind.id)))


def _lead(session: Session, call: Call) -> Lead:
    lead = session.get(Lead, call.lead_id)
    assert lead is not None
    return lead


UNHURRIED: dict[str, Any] = {"media_max_lag_ms": 5000.0, "media_max_busy": 1.0}
"""Test files share a small machine: a late loop must refuse nobody here. Overload has tests of its own."""


def settings_for(
    world: World, database_url: str, folder: Path, port: int, media_port: int, redis_url: str | None = None
) -> Settings:
    return Settings(
        _env_file=None,
        redis_url=redis_url,
        environment="sandbox",
        public_url=f"http://127.0.0.1:{port}",
        media_public_url=f"http://127.0.0.1:{media_port}",
        port=port,
        media_port=media_port,
        database_url=database_url,
        var_dir=folder / "var",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_api_url=world.twilio,
        twilio_from_numbers=FROM,
        openai_api_key="sk-sandbox",
        openai_realtime_url=world.realtime.replace("http://", "ws://") + "/v1/realtime",
        openai_api_url=f"{world.realtime}/v1",
        google_service_account_file=world.credentials,
        google_calendar_url=world.google,
        **UNHURRIED,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """For a process of ours; the clock's offset is the test's own."""
    given = settings.model_dump(mode="json", exclude_none=True, exclude={"clock_offset"})
    return os.environ | {name.upper(): str(value) for name, value in given.items()}


@contextmanager
def worker(settings: Settings, log: Path) -> Iterator[None]:
    """A real Celery worker for every queue, ready."""
    queues = ",".join(sorted(set(QUEUES.values())))
    words = ["-A", "dialer.worker", "worker", "--pool", "threads", "-c", "4", "-l", "INFO", "-Q", queues]
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", "celery", *words], cwd=ROOT, env=environment_of(settings), stdout=out, stderr=out,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        ) as process,
    ):  # fmt: skip
        try:
            wait_until(lambda: " ready." in log.read_text(), "the worker is ready", 60)
            yield
        finally:
            process.kill()


@asynccontextmanager
async def exchange(
    world: World, settings: Settings, document: str = CAMPAIGN, media: Settings | None = None
) -> AsyncIterator[Exchange]:
    """`media`: the settings of our own media process, where the web process is to use another one."""
    jobs: list[tuple[Job, str]] = []
    database = Database(settings.database_url)
    with database.transaction() as session:
        store.apply(session, file.parse(document), document, by="test", now=clock.now() - timedelta(days=1))
    web = uvicorn.Server(uvicorn.Config(create_app(settings), port=settings.port, log_level="error", access_log=False))
    serving = asyncio.create_task(web.serve(), name="web")
    carrier = Carrier(settings)
    try:
        async with media_server(media or settings) as (_, board):
            while not web.started:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            yield Exchange(world, settings, database, board, carrier, jobs, file.parse(document).name)
    finally:
        web.should_exit = True
        await serving
        carrier.close()
        database.dispose()
