"""The worker process: every background job by name, wired to the part that does it, and beat's ticks. A root.

Everything is opened and imported before the first job, so that a fresh lead meets a warm worker. What a process needs
is opened after a fork, never before. Jobs carry one id; doing one twice, late or never costs latency only.
"""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from celery import Celery, signals
from sqlalchemy.exc import SQLAlchemyError

from campaign import clock, evidence, heap, live, store
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.jobs import QUEUES, CelerySender, Job, celery_app, is_crowded
from campaign.records import Lead
from campaign.settings import Settings
from crm_sync import choice
from dialer import ask, dial, gate, machine, promises, reconcile, recording, retention, scrubbing, settle, sweep, texts
from dialer.carrier import Carrier
from dialer.text_carrier import TextCarrier

log = structlog.get_logger()

SWEEP_S, SEAL_S, RETAIN_S = 1.0, 2.0, 600.0
SEALED_TOGETHER, ROUNDS, BREATH_S = 25, 10, 0.1
"""Rows of a kind to a transaction, transactions to a tick, and the time between them: a dial does not wait for all that a busy
second has left, and in a rush sealing lags behind instead of taking the processors that leads need."""


@dataclass(frozen=True, slots=True)
class Plant:
    """What one worker process owns."""

    settings: Settings
    database: Database
    carrier: Carrier
    texts: TextCarrier
    redis: "redis.Redis"
    recently: sweep.Recently
    owner: str


_plant: Plant | None = None


def plant() -> Plant:
    """This process's own; opened on first use."""
    global _plant
    if _plant is None:
        settings = Settings()
        database = Database(settings.database_url, CelerySender(app))
        owner = f"{socket.gethostname()}/{os.getpid()}"
        client = redis.Redis.from_url(settings.broker(), socket_timeout=1, socket_connect_timeout=1)
        recently, texting = sweep.Recently(), TextCarrier(settings)
        _plant = Plant(settings, database, Carrier(settings), texting, client, recently, owner)
    return _plant


def open_plant(**_: Any) -> None:
    """Open this process's own and rehearse a dial, so that the first lead does not wait for imports and caches."""
    global _plant
    _plant = None
    here = plant()
    here.carrier.warm()
    try:
        _rehearse(here)
    except SQLAlchemyError as error:
        log.warning("could not warm up; the database is not ready", kind=type(error).__name__)


def rehearse_before_fork(**_: Any) -> None:
    """Load everything once for all children, then close: neither a connection nor a socket may cross a fork."""
    open_plant()
    close_plant()
    heap.settle()


def _rehearse(here: Plant) -> None:
    """Everything a dial does up to its POST, for a lead that does not exist; nothing is written."""
    now = clock.now()
    dial.dial(here.database, here.settings, here.carrier, "rehearsal", here.owner)
    with here.database.reading() as session:
        for row in store.active(session):
            campaign, _version = store.get(session, row.name)
            nobody = Lead(
                id="rehearsal",
                campaign=row.name,
                source="",
                external_id="",
                phone=campaign.people[0].phone or campaign.caller_ids[0],
            )
            gate.decide(ask.gather(session, nobody, campaign, now), campaign, now)


def close_plant(**_: Any) -> None:
    global _plant
    if _plant is not None:
        _plant.carrier.close()
        _plant.texts.close()
        _plant.redis.close()
        _plant.database.dispose()
        _plant = None


def _full(here: Plant) -> bool:
    """No media process takes new calls. When Redis is away nobody knows; the media door then still has its own word."""
    try:
        return live.media_is_full(here.redis, clock.real_now().timestamp())
    except (redis.RedisError, ValueError) as error:
        log.warning("not known whether there is room for calls", kind=type(error).__name__)
        return False


def _crowded(here: Plant) -> bool:
    """Enough leads are named already: who waits behind them would only be named again and again."""
    try:
        return is_crowded(here.redis, Job.DIAL)
    except redis.RedisError:
        return False  # then nobody can be named either


def _dial(lead_id: str) -> None:
    here = plant()
    if _full(here):
        return  # the lead stays due, and first in line
    dial.dial(here.database, here.settings, here.carrier, lead_id, here.owner)


def _reconcile(attempt_id: str) -> None:
    reconcile.reconcile(plant().database, plant().carrier, attempt_id, clock.now())


def _machine(attempt_id: str) -> None:
    machine.act(plant().database, plant().carrier, attempt_id, clock.now())


def _settle(attempt_id: str) -> None:
    settle.settle(plant().database, attempt_id, clock.now())


def _recording(attempt_id: str) -> None:
    recording.look_up(plant().database, plant().carrier, attempt_id, clock.now())


def _text(text_id: str) -> None:
    texts.send(plant().database, plant().settings, plant().texts, text_id, clock.now())


def _wrap_up(attempt_id: str) -> None:
    from qualify.wrap_up import wrap_up

    wrap_up(plant().database, plant().settings, attempt_id, clock.now())


def _deliver(outbox_id: str) -> None:
    from crm_sync.deliver import deliver

    deliver(plant().database, plant().settings, outbox_id, clock.now())


def _scrub(lead_id: str) -> None:
    scrubbing.scrub(plant().database, lead_id, clock.now())


def _sync_calendar(calendar: str) -> None:
    from calendar_sync.sync import sync as sync_calendar

    sync_calendar(plant().database, plant().settings, calendar, clock.now())


def _sweep() -> None:
    from calendar_sync.holds import release_expired

    here = plant()
    sender, chores = CelerySender(app), [release_expired, promises.overdue, texts.due]
    full = _full(here) or _crowded(here)
    sweep.sweep(here.database, here.settings, sender, here.recently, chores, clock.now(), full=full)


def _seal() -> None:
    with plant().database.reading() as session:
        if not evidence.is_due(session):
            return
    for _ in range(ROUNDS):
        with plant().database.transaction(patient=True) as session:
            if evidence.seal(session, clock.now(), SEALED_TOGETHER) < SEALED_TOGETHER:
                return
        time.sleep(BREATH_S)


def _retain() -> None:
    retention.run(plant().database, clock.now())


JOBS: dict[Job, Callable[..., None]] = {
    Job.DIAL: _dial,
    Job.RECONCILE: _reconcile,
    Job.SETTLE: _settle,
    Job.MACHINE: _machine,
    Job.WRAP_UP: _wrap_up,
    Job.SCRUB: _scrub,
    Job.DELIVER: _deliver,
    Job.SYNC_CALENDAR: _sync_calendar,
    Job.RECORDING: _recording,
    Job.TEXT: _text,
    Job.SWEEP: _sweep,
    Job.SEAL: _seal,
    Job.RETAIN: _retain,
}


def make_worker_app() -> Celery:
    """The Celery app with every job registered; for `celery -A dialer.worker worker` and `… beat`.

    Raises `Permanent` when the settings name no usable CRM: better no worker than outcomes that nobody is ever told.
    """
    settings = Settings()
    made = celery_app(settings.broker())
    choice.check(settings)
    for job, work in JOBS.items():
        made.task(_named(job, work), name=job.value, ignore_result=True)
    made.conf.beat_schedule = {
        job.value: {
            "task": job.value,
            "schedule": every,
            # A tick that waited is worth nothing: the next one does the same.
            "options": {"queue": QUEUES[job], "expires": 5},
        }
        for job, every in ((Job.SWEEP, SWEEP_S), (Job.SEAL, SEAL_S), (Job.RETAIN, RETAIN_S))
    }
    return made


def _named(job: Job, work: Callable[..., None]) -> Callable[..., None]:
    """Trouble we have a word for is logged and left to the sweep; anything else is Celery's to log with its trace."""

    def run(*ids: str) -> None:
        try:
            work(*ids)
        except FirstringError as error:
            log.warning("job did not succeed", job=job.value, id=ids[:1], code=error.code, kind=type(error).__name__)

    return run


signals.worker_init.connect(rehearse_before_fork, weak=False)
signals.worker_process_init.connect(open_plant, weak=False)
signals.worker_shutdown.connect(close_plant, weak=False)
signals.worker_process_shutdown.connect(close_plant, weak=False)
app = make_worker_app()
