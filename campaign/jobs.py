"""Names of background jobs, their queues, and the Celery app that carries them with the settings measured for Redis.

A message holds one id and is only a hint: the row says whether there is anything to do. Hence early acknowledgement, no
prefetch (nothing may sit unacknowledged in a worker), no ETA, no result backend (reference: docs/decisions/0002).
"""

from contextlib import suppress
from enum import StrEnum

import redis
from celery import Celery
from kombu.exceptions import OperationalError


class Job(StrEnum):
    DIAL = "dialer.dial"
    """lead id: claim the lead and, if the gate allows, place one call."""
    RECONCILE = "dialer.reconcile"
    """attempt id: fetch the truth from the carrier for an attempt nobody told us about."""
    SETTLE = "dialer.settle"
    """attempt id: the call is over; apply outcome, retry policy and CRM outbox."""
    MACHINE = "dialer.machine"
    """attempt id: a machine answered; end the carrier leg."""
    WRAP_UP = "qualify.wrap_up"
    """attempt id: summarise the conversation and settle what the person wanted."""
    DELIVER = "crm.deliver"
    """outbox id: tell the CRM."""
    SYNC_CALENDAR = "calendar.sync"
    """calendar id: read what changed there."""
    RECORDING = "calls.recording"
    """attempt id: start, stop or look up the recording."""
    SCRUB = "dialer.scrub"
    """lead id: look its number up in the lists whose answer is due."""
    TEXT = "dialer.text"
    """text id: send one text message, if it may go out now."""
    SWEEP = "dialer.sweep"
    """no id: wake what is due, adopt what was lost."""
    SEAL = "campaign.seal"
    """no id: append new evidence to the hash chains."""
    RETAIN = "dialer.retain"
    """no id: delete what is past its retention."""


QUEUES = {
    Job.DIAL: "dial",
    Job.RECONCILE: "calls",
    Job.SETTLE: "calls",
    Job.MACHINE: "calls",
    Job.WRAP_UP: "media",
    Job.RECORDING: "media",
    Job.SCRUB: "crm",
    Job.DELIVER: "crm",
    Job.SYNC_CALENDAR: "calendar",
    Job.TEXT: "calls",
    Job.SWEEP: "sweep",
    Job.SEAL: "upkeep",
    Job.RETAIN: "upkeep",
}


PREFIX = "firstring:"


def celery_app(broker_url: str) -> Celery:
    """The app every process shares: web and media send, the worker runs, beat ticks."""
    # redis-py says unix://, kombu says redis+socket:// for the same address.
    app = Celery("firstring", broker=broker_url.replace("unix://", "redis+socket://", 1))
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        task_soft_time_limit=45,
        task_time_limit=60,
        worker_soft_shutdown_timeout=20,
        worker_enable_soft_shutdown_on_idle=True,
        worker_max_tasks_per_child=500,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
        broker_transport_options={
            "visibility_timeout": 3600,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "health_check_interval": 25,
            "global_keyprefix": PREFIX,
        },
        task_routes={job.value: {"queue": queue} for job, queue in QUEUES.items()},
        task_default_queue="calls",
        worker_hijack_root_logger=False,
    )
    return app


def depths(client: "redis.Redis") -> dict[str, int]:
    """How many hints wait in each queue: kombu keeps a queue as a list of its name."""
    names = sorted(set(QUEUES.values()))
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.llen(f"{PREFIX}{name}")
    return dict(zip(names, pipe.execute(), strict=True))


CROWD = 16
"""Hints that wait while all workers are busy; more of them would bring nobody forward."""


def is_crowded(client: "redis.Redis", job: Job) -> bool:
    """Whether so many hints wait in the job's queue that the sweep need not name further rows."""
    return depths(client)[QUEUES[job]] >= CROWD


class CelerySender:
    """Sends a job's hint. Failing is normal and cheap: one try, and the sweep does the rest."""

    def __init__(self, app: Celery) -> None:
        self.app = app

    def warm(self) -> None:
        """Import and connect now, so that the first lead does not wait for it; a broker that is away is no error."""
        with suppress(OperationalError), self.app.producer_or_acquire() as producer:
            producer.connection.ensure_connection(max_retries=1, timeout=2)

    def __call__(self, job: Job, entity_id: str) -> None:
        self.app.send_task(job.value, args=(entity_id,) if entity_id else (), queue=QUEUES[job], retry=False)
