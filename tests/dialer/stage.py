"""Everything a dial needs, real: the sandbox Twilio as a process, our doors on a socket, a database, leads with consent.

Jobs that transactions ask for are kept in `jobs` and done by `work()`, in order, so that a test says when things happen;
tests of the worker process itself use Celery instead. Business time is that of `tests.conftest.NOON`.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

from campaign import clock, ids, store
from campaign.database import Database, after_commit
from campaign.errors import Permanent, Refused
from campaign.file import parse
from campaign.jobs import Job
from campaign.records import Attempt, Call, Consent, Lead
from campaign.settings import Settings
from dialer import callbacks, dial, machine, reconcile, settle, texts
from dialer.carrier import Carrier
from dialer.text_carrier import TextCarrier
from tests.conftest import die_with_parent, wait_until

ROOT = Path(__file__).parents[2]
ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "sandbox_auth_token_0123456789abcdef"
CALLER = "+12125550100"

CAMPAIGN = """
name: solar-us
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100", "+12125550109"]
countries: [US]
sources: [{name: website, kind: standard, secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]
people: [{name: Sal, calendar: sal@example.com, phone: "+12125550111"}]
retries: {busy: {after_minutes: [30, 120], jitter: 0}, gap_minutes: 15}
budget: {ring_seconds: 15}
"""


class Twilio:
    """The sandbox as a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=10)

    def reset(self) -> None:
        self._http.post("/_sandbox/reset").raise_for_status()

    def faults(self, **knobs: Any) -> None:
        self._http.post("/_sandbox/faults", json={"dial_lag_ms": 5, **knobs}).raise_for_status()

    def fault(self, name: str, value: Any = 1, **more: Any) -> None:
        self.faults(**{name: value}, **more)

    def script(self, to: str, **script: Any) -> None:
        self._http.post("/_sandbox/calls/script", json={"to": to, "ring_s": 0.1, **script}).raise_for_status()

    def calls(self, to: str | None = None) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self._http.get("/_sandbox/calls").json()["calls"]
        return [call for call in calls if to in (None, call["to"])]

    def texts(self, to: str) -> list[dict[str, Any]]:
        """Every POST of a text to this number, whatever came of it."""
        posts: list[dict[str, Any]] = self._http.get("/_sandbox/messages").json()["posts"]
        return [post for post in posts if post["to"] == to]

    def posts(self, to: str) -> int:
        return int(self._http.get("/_sandbox/calls").json()["posts"].get(to, 0))

    def post_log(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._http.get("/_sandbox/calls").json()["post_log"]
        return entries


@contextmanager
def running_twilio() -> Iterator[Twilio]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TWILIO_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.twilio", "--port", "0", "--cps", "1000"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert line.startswith("ready "), line
        yield Twilio(line.split()[1])
    finally:
        process.kill()
        process.wait()


@dataclass
class Talk:
    """What the conversation of a test comes to, once the stream has begun."""

    reached: str = "human"
    wanted: str | None = "qualified"
    ended_by: str = "agent"
    hold: bool = False
    callback_at: datetime | None = None
    """The callback they ask for."""
    """Stay until the other side ends the call."""


@dataclass
class Stage:
    database: Database
    settings: Settings
    twilio: Twilio
    carrier: Carrier
    jobs: deque[tuple[Job, str]] = field(default_factory=deque)
    talk: Talk = field(default_factory=Talk)
    hooks: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def lead(self, phone: str = "+12125550101", **changes: Any) -> str:
        """A lead with consent, due now."""
        now = clock.now()
        lead = Lead(
            id=ids.new("lead"),
            campaign="solar-us",
            source="website",
            external_id=ids.new("ext"),
            phone=phone,
            phone_typed=phone,
            country="US",
            received_at=now,
            state="scheduled",
            due_at=now,
            updated_at=now,
        )
        for name, value in changes.items():
            setattr(lead, name, value)
        with self.database.transaction() as session:
            session.add(lead)
            session.flush()
            session.add(consent(lead, now))
        return lead.id

    def dial(self, lead_id: str) -> str | None:
        return dial.dial(self.database, self.settings, self.carrier, lead_id, "test")

    def settle(self, attempt_id: str) -> bool:
        return settle.settle(self.database, attempt_id, clock.now())

    def reconcile(self, attempt_id: str, now: datetime | None = None) -> None:
        reconcile.reconcile(self.database, self.carrier, attempt_id, now or clock.now())

    def work(self) -> None:
        """Do the jobs that were asked for, in order, as a worker would."""
        while self.jobs:
            job, entity_id = self.jobs.popleft()
            match job:
                case Job.DIAL:
                    self.dial(entity_id)
                case Job.SETTLE:
                    self.settle(entity_id)
                case Job.MACHINE:
                    machine.act(self.database, self.carrier, entity_id, clock.now())
                case Job.RECONCILE:
                    self.reconcile(entity_id)
                case Job.TEXT:
                    self.text(entity_id)
                case _:
                    pass

    def text(self, text_id: str, now: datetime | None = None) -> None:
        carrier = TextCarrier(self.settings)
        texts.send(self.database, self.settings, carrier, text_id, now or clock.now())
        carrier.close()

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = 20.0) -> Any:
        """Work until the condition holds; its value."""

        def met() -> bool:
            self.work()
            return bool(condition())

        wait_until(met, what, deadline_s)
        return condition()

    def settled(self, lead_id: str) -> Attempt:
        """The lead's newest attempt, once it is settled."""

        def found() -> Attempt | None:
            attempts = self.attempts(lead_id)
            return attempts[-1] if attempts and attempts[-1].settled_at else None

        attempt: Attempt = self.until(found, "the attempt is settled")
        return attempt

    def get(self, table: type[Any], key: str) -> Any:
        with self.database.reading() as session:
            return session.get_one(table, key)

    def all(self, table: type[Any], *where: Any) -> list[Any]:
        with self.database.reading() as session:
            return list(session.exec(select(table).where(*where)))

    def attempts(self, lead_id: str) -> list[Attempt]:
        with self.database.reading() as session:
            query = select(Attempt).where(Attempt.lead_id == lead_id).order_by(col(Attempt.intent_at))
            return list(session.exec(query))

    def post(self, attempt_id: str, what: str, **params: str) -> int:
        """A message of Twilio's, as it would come (signed)."""
        return self._message(attempt_id, what, **params).status_code

    def answer(self, attempt_id: str, what: str, **params: str) -> str:
        """The document a message of Twilio's is answered with."""
        return self._message(attempt_id, what, **params).text

    def _message(self, attempt_id: str, what: str, **params: str) -> httpx.Response:
        address = f"{self.settings.public_base}/twilio/{attempt_id}/{what}"
        attempt: Attempt = self.get(Attempt, attempt_id)
        form = {"AccountSid": ACCOUNT, "To": attempt.to_number, "From": attempt.from_number, **params}
        signature = RequestValidator(TOKEN).compute_signature(address, form)
        return httpx.post(address, data=form, headers={"X-Twilio-Signature": signature})


def consent(lead: Lead, now: datetime) -> Consent:
    return Consent(
        id=ids.new("con"),
        lead_id=lead.id,
        campaign=lead.campaign,
        seller_legal_name="Brightroof Solar LLC",
        phone=lead.phone,
        given=True,
        text="I agree that Brightroof Solar LLC may call me, also with an artificial voice.",
        at=now,
        recorded_at=now,
        salt="00",
    )


def apply_campaign(database: Database, document: str = CAMPAIGN) -> None:
    with database.transaction() as session:
        store.apply(session, parse(document), document, by="test", now=clock.now())


INSTRUCTIONS = {
    "voice": callbacks.voice,
    "fallback": callbacks.fallback,
    "connect-end": callbacks.connect_end,
    "dial-done": callbacks.dial_done,
    "whisper": callbacks.whisper,
}
NOTICES = {
    "status": callbacks.status,
    "amd": callbacks.amd,
    "recording": callbacks.recording,
    "stream": callbacks.stream,
    "text": texts.told,
}


def doors(stage: Stage) -> Starlette:
    """Our webhooks and the media socket, as thin as they can be around `dialer.callbacks`."""

    async def hook(request: Request) -> Response:
        params = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        attempt_id, what = request.path_params["attempt_id"], request.path_params["what"]
        address = stage.settings.public_base + request.url.path
        if not RequestValidator(TOKEN).validate(address, params, request.headers.get("x-twilio-signature", "")):
            return Response(status_code=403)
        stage.hooks.append((what, params))
        try:
            return await run_in_threadpool(answer, attempt_id, what, params)
        except Permanent:
            return Response(status_code=404)
        except Refused:
            return Response(status_code=403)

    def answer(attempt_id: str, what: str, params: dict[str, str]) -> Response:
        with stage.database.transaction() as session:
            if what in INSTRUCTIONS:
                twiml = INSTRUCTIONS[what](session, attempt_id, params, stage.settings, clock.now())
                return Response(twiml, media_type="text/xml")
            NOTICES[what](session, attempt_id, params, clock.now())
        return Response(status_code=204)

    async def media(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_json()
        start = (await socket.receive_json())["start"]
        attempt_id = socket.path_params["attempt_id"]
        try:
            await run_in_threadpool(begin, attempt_id, start)
        except Refused:
            await socket.close(1008)
            return
        if stage.talk.hold:
            try:
                while (await socket.receive_json())["event"] != "stop":
                    pass
            except (WebSocketDisconnect, RuntimeError):
                pass
        await run_in_threadpool(finish, attempt_id)
        if not stage.talk.hold:
            await run_in_threadpool(stage.carrier.end, start["callSid"])
            await socket.close()

    def begin(attempt_id: str, start: dict[str, Any]) -> None:
        with stage.database.transaction() as session:
            attempt = callbacks.open_stream(
                session,
                attempt_id,
                call_sid=start["callSid"],
                account_sid=start["accountSid"],
                token=start["customParameters"]["token"],
                settings=stage.settings,
                now=clock.now(),
            )
            session.add(
                Call(
                    attempt_id=attempt.id,
                    lead_id=attempt.lead_id,
                    campaign=attempt.campaign,
                    playbook="solar-us",
                    playbook_sha256="0",
                    started_at=clock.now(),
                )
            )

    def finish(attempt_id: str) -> None:
        with stage.database.transaction() as session:
            call = session.get_one(Call, attempt_id)
            call.reached, call.wanted, call.ended_by = stage.talk.reached, stage.talk.wanted, stage.talk.ended_by
            call.ended_at, call.summary_by = clock.now(), "ledger"
            session.add(call)
            if stage.talk.callback_at:
                session.get_one(Lead, call.lead_id).callback_at = stage.talk.callback_at
            after_commit(session, Job.SETTLE, attempt_id)

    return Starlette(
        routes=[
            Route("/twilio/{attempt_id}/{what}", hook, methods=["POST"]),
            WebSocketRoute("/media/{attempt_id}", media),
        ]
    )


@contextmanager
def serving(app: Callable[..., Any], port: int) -> Iterator[None]:
    """The app on a real socket, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the doors are open")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
