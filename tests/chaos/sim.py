"""One random hour in a second: the product's own dialing code on a real database and a real Redis, a carrier in memory, and a
clock that is turned. "kill -9" leaves a job wherever it is: before a commit, after it, between the POST and its answer.

Everything is decided by one generator, so a seed tells the whole story. Processes that truly run side by side, and are truly
killed, are the other storm's part (`storm.py`).
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest import mock

import redis
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel, col, select

from campaign import clock, store
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.file import parse
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead
from campaign.settings import Settings
from dialer import callbacks, dial, machine, reconcile, settle, sweep
from tests.chaos.exchange import Exchange, PhoneCall
from tests.conftest import NOON
from webhooks.leads import payload
from webhooks.leads.intake import Arrival, Message, accept

QUEUE = "chaos:jobs"
STORM_S, REST_S = 40.0, 600.0
PEOPLE = 10
CAMPAIGN = """
name: chaos
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources: [{name: website, kind: standard, secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]
people: [{name: Sal, calendar: sal@example.com, phone: "+12125550111"}]
retries:
  busy: {after_minutes: []}
  no_answer: {after_minutes: []}
  failed: {after_minutes: []}
  transient: {after_minutes: []}
  dropped: {after_minutes: []}
  gap_minutes: 0
pacing: {calls_per_second: 5}
budget: {ring_seconds: 15, max_call_seconds: 120}
"""
SETTINGS = Settings(
    _env_file=None, public_url="https://firstring.example", twilio_account_sid="AC1", twilio_calls_per_second=20
)  # type: ignore[call-arg]


class Killed(BaseException):
    """kill -9: nothing catches it, nothing is tidied up."""


class Mortal(Database):
    """A database whose client may die, or whose server may restart, around every commit."""

    fate: Callable[[str], None] = staticmethod(lambda _where: None)

    @contextmanager
    def transaction(self, *, patient: bool = False) -> Iterator[Session]:
        """Whoever is patient need not be here: one thing happens at a time."""
        self.fate("begin")
        with Session(self.engine, expire_on_commit=False) as session:
            if self.is_sqlite:
                session.execute(sa.text("BEGIN IMMEDIATE"))
            yield session
            self.fate("commit")
            session.commit()
            jobs = session.info.pop("jobs", [])
        self.fate("committed")
        for job, entity_id in jobs:
            self._send(job, entity_id)


class World:
    def __init__(self, database: Mortal, client: "redis.Redis", seed: int, rest_s: float) -> None:
        self.database, self.redis, self.chance = database, client, random.Random(seed)
        self.rest_s = rest_s
        self.time, self.calm, self.done = NOON, False, Counter[str]()
        self.accepted: dict[str, str] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._dead: dict[str, datetime] = {}
        self._mortal = False
        self.exchange = Exchange(self.chance, self.at, lambda: self.time, self._told, self._answered)
        self.recently = sweep.Recently()
        database.send, database.fate = self._hint, self._fate

    # time

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.time + timedelta(seconds=seconds), next(self._order), do))

    def run(self) -> list[str]:
        """The broken promises."""
        with (
            mock.patch.object(clock, "now", self._now),
            mock.patch.object(clock, "real_now", self._now),
            mock.patch.object(dial.time, "sleep", self._sleep),
        ):
            self._begin()
            end = NOON + timedelta(seconds=STORM_S)
            self._until(partial(self._is_past, end))
            self.calm = self.exchange.calm = True
            self._dead.clear()
            last = end + timedelta(seconds=self.rest_s)
            while self.time < last and self._moving():
                self._until(partial(self._is_past, self.time + timedelta(seconds=10)))
            return [f"never came to rest: {what}" for what in self._moving()] + list(self._faults())

    def _is_past(self, moment: datetime) -> bool:
        return self.time >= moment

    def _until(self, over: Callable[[], bool]) -> None:
        while self._agenda and not over():
            when, _, do = heapq.heappop(self._agenda)
            self.time = max(self.time, when)
            do()

    def _now(self) -> datetime:
        return self.time

    def _sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    # the weather

    def _begin(self) -> None:
        with self.database.transaction() as session:
            store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="chaos", now=self.time)
        for number in range(PEOPLE):
            for copy in range(1 + (self.chance.random() < 0.2)):
                self.at(self.chance.random() * STORM_S * 0.8, self._sender(number, copy))
        self.at(0.5, self._sweep)
        self.at(0.9, self._second_beat)
        self.at(0.1, self._work)
        for _ in range(8):
            self.at(self.chance.random() * STORM_S, self._strike)

    def _strike(self) -> None:
        what = self.chance.choice(("flush", "web", "worker", "beat", "media", "database"))
        self.done[what] += 1
        if what == "flush":
            self.redis.delete(QUEUE)
        elif what == "database":
            self._restart_database()
        else:
            self._dead[what] = self.time + timedelta(seconds=self.chance.choice((1, 3, 8)))

    def _restart_database(self) -> None:
        """Every connection is gone."""
        self.database.engine.dispose()

    def _alive(self, process: str) -> bool:
        return self._dead.get(process, self.time) <= self.time

    def _fate(self, where: str) -> None:
        if self.calm or not self._mortal:
            return
        luck = self.chance.random()
        if luck < 0.05:
            self.done[f"killed at {where}"] += 1
            raise Killed
        if luck < 0.065:
            self.done[f"database gone at {where}"] += 1
            raise OperationalError("COMMIT", None, ConnectionError("server closed the connection"))

    @contextmanager
    def _process(self) -> Iterator[None]:
        """What runs inside may die; the rest of the world goes on. `FirstringError` is logged by the real worker and doors."""
        self._mortal = True
        try:
            yield
        finally:
            self._mortal = False

    # web: leads and callbacks

    def _sender(self, number: int, copy: int) -> Callable[[], None]:
        body = (
            f'{{"external_id": "e{number}-{copy}", "phone": "+1212555{1000 + number}", "country": "US", '
            f'"consent": {{"given": true, "text": "Yes"}}}}'
        ).encode()
        name = f"m{number}-{copy}"

        def send() -> None:
            """Again until 202, word for word; now and then again although it was answered."""
            if self._alive("web"):
                with suppress(Killed, DBAPIError), self._process():
                    with self.database.transaction() as session:
                        campaign, version, _ = store.by_source(session, "website") or (None, 0, None)
                        assert campaign is not None
                        form = payload.from_json(body)
                        message = Message("website", name, "application/json", body)
                        [told] = accept(session, [Arrival(campaign, version, message, form)], self.time)
                    known = self.accepted.setdefault(name, told.lead_id)
                    if known != told.lead_id:
                        self.done["ONE MESSAGE, TWO LEADS"] += 1
                    if self.chance.random() < 0.8:
                        return
            self.at(1.0, send)

        return send

    def _told(self, call: PhoneCall, status: str, sequence: int) -> bool:
        if not self._alive("web"):
            return False
        params = {
            "AccountSid": "AC1", "CallSid": call.sid, "CallStatus": status, "SequenceNumber": str(sequence),
            "To": call.to, "From": call.from_, "CallbackSource": "call-progress-events",
        }  # fmt: skip
        try:
            with self._process(), self.database.transaction() as session:
                callbacks.status(session, call.attempt_id, params, self.time)
        except (Killed, DBAPIError):
            return False
        return True

    # media

    def _answered(self, call: PhoneCall) -> None:
        """The document is fetched; where there is a conversation in it, the person talks for a while."""
        params = {
            "AccountSid": "AC1",
            "CallSid": call.sid,
            "CallStatus": "in-progress",
            "To": call.to,
            "From": call.from_,
        }
        twiml = "<Hangup/>"
        if self._alive("web"):
            with suppress(Killed, DBAPIError, FirstringError), self._process(), self.database.transaction() as session:
                twiml = callbacks.voice(session, call.attempt_id, params, SETTINGS, self.time)
        token = twiml.partition('name="token" value="')[2].partition('"')[0]
        if not token or not self._alive("media") or not self._talk(call, token):
            self.at(1.0, lambda: self.exchange.move(call, "completed"))

    def _talk(self, call: PhoneCall, token: str) -> bool:
        try:
            with self._process(), self.database.transaction() as session:
                attempt = callbacks.open_stream(
                    session, call.attempt_id, call_sid=call.sid, account_sid="AC1", token=token, settings=SETTINGS, now=self.time
                )  # fmt: skip
                session.add(
                    Call(
                        attempt_id=attempt.id, lead_id=attempt.lead_id, campaign=attempt.campaign, playbook="solar-us",
                        playbook_sha256="0", started_at=self.time,
                    )
                )  # fmt: skip
        except (Killed, DBAPIError, FirstringError):
            return False
        call.talks = True
        self.at(3 + self.chance.random() * 20, lambda: self._said(call))
        return True

    def _said(self, call: PhoneCall) -> None:
        """The conversation ends; a media process that died in it has written nothing."""
        if self._alive("media"):
            with suppress(Killed, DBAPIError), self._process(), self.database.transaction() as session:
                row = session.get_one(Call, call.attempt_id)
                row.reached, row.wanted, row.ended_by = "human", "qualified", "agent"
                row.ended_at, row.summary_by = self.time, "ledger"
                session.add(row)
        self.at(0.5, lambda: self.exchange.move(call, "completed"))

    # worker and beat

    def _hint(self, job: Job, entity_id: str) -> None:
        for _ in range(1 if self.calm else self.chance.choice((1, 1, 1, 3))):
            self.redis.rpush(QUEUE, f"{job.value} {entity_id}")

    def _work(self) -> None:
        """One job, taken off the queue before it is done, as with early acknowledgement."""
        self.at(0.5 if self.calm else 0.2, self._work)
        while self._alive("worker") and (told := self.redis.lpop(QUEUE)) is not None:
            name, _, entity_id = bytes(told).decode().partition(" ")
            with suppress(Killed, DBAPIError, FirstringError), self._process():
                self._do(Job(name), entity_id)

    def _do(self, job: Job, entity_id: str) -> None:
        carrier: Any = Dying(self.exchange, self._fate)
        match job:
            case Job.DIAL:
                dial.dial(self.database, SETTINGS, carrier, entity_id, "chaos")
            case Job.RECONCILE:
                reconcile.reconcile(self.database, carrier, entity_id, self.time)
            case Job.MACHINE:
                machine.act(self.database, carrier, entity_id, self.time)
            case Job.SETTLE:
                settle.settle(self.database, entity_id, self.time)
            case _:
                self.done["jobs of others"] += 1

    def _second_beat(self) -> None:
        """Somebody started another: its ticks may do no harm (reliability rule 18)."""
        if not self.calm:
            self.at(2.0, self._second_beat)
            with suppress(Killed, DBAPIError), self._process():
                sweep.sweep(self.database, SETTINGS, self._hint, sweep.Recently(), [], self.time)

    def _sweep(self) -> None:
        self.at(5.0 if self.calm else 1.0, self._sweep)
        if self._alive("beat"):
            with suppress(Killed, DBAPIError), self._process():
                sweep.sweep(self.database, SETTINGS, self._hint, self.recently, [], self.time)

    # the verdict

    def _moving(self) -> list[str]:
        with self.database.reading() as session:
            leads = session.exec(select(Lead)).all()
            unsettled = session.exec(select(Attempt).where(col(Attempt.settled_at).is_(None))).all()
        alive = [call.sid for call in self.exchange.calls if call.alive]
        lost = set(self.accepted.values()) - {lead.id for lead in leads}
        moving = [f"lead {lead.phone} {lead.state} {lead.reason}" for lead in leads if not self._rests(lead)]
        moving += [f"attempt {attempt.id} {attempt.state} {attempt.reconcile_at}" for attempt in unsettled]
        missing = [] if len(self.accepted) >= PEOPLE else ["a sender is still trying"]
        return moving + [f"call {sid} is alive" for sid in alive] + [f"lost: {lead_id}" for lead_id in lost] + missing

    def _rests(self, lead: Lead) -> bool:
        waits = lead.state == "scheduled" and lead.due_at is not None and lead.due_at > self.time + timedelta(hours=1)
        return waits or lead.outcome is not None or lead.state == "blocked"

    def _faults(self) -> Iterator[str]:
        if self.done["ONE MESSAGE, TWO LEADS"]:
            yield "one message made two leads"
        with self.database.reading() as session:
            attempts = {attempt.id: attempt for attempt in session.exec(select(Attempt))}
            leads = {lead.id: lead for lead in session.exec(select(Lead))}
        per_attempt = Counter(call.attempt_id for call in self.exchange.calls)
        yield from (f"attempt {attempt_id}: {count} calls" for attempt_id, count in per_attempt.items() if count > 1)
        yield from (f"a call of nobody's: {attempt_id}" for attempt_id in per_attempt if attempt_id not in attempts)
        per_lead = Counter(attempts[one].lead_id for one in per_attempt if one in attempts)
        yield from (
            f"{leads[lead_id].phone} was called {count} times" for lead_id, count in per_lead.items() if count > 1
        )
        for first, second in itertools.combinations(self.exchange.calls, 2):
            if first.to == second.to and second.born < (first.over_at or self.time):
                yield f"{first.to} on two calls at once"
        tried = {attempt.lead_id for attempt in attempts.values()}
        for lead in leads.values():
            if lead.id not in tried and lead.reason != "already_answered":
                yield f"lead {lead.phone} never tried: {lead.state} {lead.reason}"


class Dying:
    """The carrier as a process that may be killed sees it: before the POST, and after it without hearing the answer."""

    def __init__(self, exchange: Exchange, fate: Callable[[str], None]) -> None:
        self._exchange, self._fate = exchange, fate

    def place(self, order: Any) -> Any:
        self._killed("before the POST")
        placing = self._exchange.place(order)
        self._killed("before the answer")
        return placing

    def _killed(self, where: str) -> None:
        with suppress(OperationalError):  # it is no database
            self._fate(where)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)


def empty(database: Database) -> None:
    with database.engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            if table.name != "hash_key":  # a key never changes
                connection.execute(table.delete())


def simulate(database: Mortal, client: "redis.Redis", seed: int, rest_s: float = REST_S) -> tuple[list[str], World]:
    """One run on an emptied database, with so much time to come to rest."""
    database.fate = lambda _where: None
    empty(database)
    client.delete(QUEUE)
    world = World(database, client, seed, rest_s)
    return world.run(), world
