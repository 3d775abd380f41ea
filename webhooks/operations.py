"""For operators: `/healthz` (the process answers), `/readyz` (it can take leads), `/metrics` (Prometheus).

Redis down does not make us unready: leads are still taken, and an instance taken out of the balancer would lose them.
Gauges are read from the database at each scrape, so they are true for the whole system.
"""

from datetime import datetime
from typing import Any

import redis
import structlog
from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy import func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign import clock
from campaign.records import Attempt, Call, InboxMessage, Lead, OutboxEntry, Promise, TextMessage
from dialer import known
from webhooks import ground
from webhooks.openapi import problems
from webhooks.problems import Problem

log = structlog.get_logger()
router = APIRouter(tags=["operations"])
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Counts:
    """What this process measures about itself, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "firstring_request_seconds",
            "Seconds to answer, by route",
            ["route", "method", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        self._seconds.labels(route, method if method in METHODS else "other", str(status)).observe(seconds)


class Health(BaseModel):
    status: str
    database: str
    redis: str


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get("/readyz", responses=problems(503))
async def readyz(request: Request) -> Health:
    """Can this process take leads? `degraded`: yes, but Redis is away and calls start up to a second later."""
    health = await run_in_threadpool(_health, ground.of(request))
    if health.database == "down":
        raise Problem(503, "not_ready", "The database does not answer.")
    return health


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
async def metrics(request: Request) -> Response:
    """Prometheus text format."""
    own = generate_latest(request.app.state.counts.registry)
    shared = await run_in_threadpool(_leads, ground.of(request))
    return Response(own + shared, media_type=CONTENT_TYPE_LATEST)


def _health(here: ground.Ground) -> Health:
    database = _works(lambda: _select_one(here))
    cache = "unset" if here.redis is None else _works(here.redis.ping)
    status = "down" if database == "down" else "ok" if cache == "ok" else "degraded"
    return Health(status=status, database=database, redis=cache)


def _select_one(here: ground.Ground) -> None:
    with here.database.reading() as session:
        session.execute(text("SELECT 1"))


def _works(check: Any) -> str:
    try:
        check()
    except (SQLAlchemyError, redis.RedisError, OSError) as error:
        log.warning("dependency does not answer", error=type(error).__name__)
        return "down"
    return "ok"


def _leads(here: ground.Ground) -> bytes:
    registry = CollectorRegistry()
    by_status = Gauge("firstring_leads", "Leads by state", ["status"], registry=registry)
    due = Gauge("firstring_leads_due", "Leads whose time to be rung has come", registry=registry)
    oldest = Gauge(
        "firstring_oldest_due_seconds", "How long the oldest due work has waited", ["queue"], registry=registry
    )
    depth = Gauge("firstring_queue_depth", "Hints that wait for a worker", ["queue"], registry=registry)
    dead = Gauge("firstring_dead_letters", "What a person must look at", ["kind"], registry=registry)
    halts = Gauge("firstring_brakes", "Brakes in force", registry=registry)
    promises = Gauge("firstring_promises", "Promised callbacks by what became of them", ["state"], registry=registry)
    texts = Gauge("firstring_texts", "Text messages by state", ["state"], registry=registry)
    now = clock.now()
    with here.database.reading() as session:
        for state, count in session.exec(select(Lead.state, func.count()).group_by(Lead.state)):
            by_status.labels(state).set(count)
        for gauge, table in ((promises, Promise), (texts, TextMessage)):
            for state, count in session.exec(select(table.state, func.count()).group_by(table.state)):
                gauge.labels(state).set(count)
        ripe = (Lead.state == "scheduled", col(Lead.due_at) <= now)
        due.set(session.exec(select(func.count()).select_from(Lead).where(*ripe)).one())
        for queue, first in _oldest(session, now).items():
            oldest.labels(queue).set((now - first).total_seconds() if first else 0)
        for kind, letters in (("outbox", OutboxEntry), ("inbox", InboxMessage)):
            waiting = select(func.count()).select_from(letters).where(letters.state == "review")
            dead.labels(kind).set(session.exec(waiting).one())
        halts.set(len(known.halts(session, now)))
    for queue, length in here.queue_depths().items():
        depth.labels(queue).set(length)
    return generate_latest(registry)


def _oldest(session: Session, now: datetime) -> dict[str, datetime | None]:
    """Since when the first row of each kind has been due; the rows are the truth, whatever the queues hold."""
    ripe = select(func.min(Lead.due_at)).where(Lead.state == "scheduled", col(Lead.due_at) <= now)
    unsure = select(func.min(Attempt.reconcile_at)).where(col(Attempt.settled_at).is_(None))
    owed = select(func.min(OutboxEntry.due_at)).where(OutboxEntry.state == "due")
    untold = select(func.min(Call.ended_at)).where(Call.summary_by == "")
    asked: dict[str, Any] = {"dial": ripe, "calls": unsure, "crm": owed, "media": untold}
    found = {queue: session.exec(query).one() for queue, query in asked.items()}
    return {queue: at if at is not None and at <= now else None for queue, at in found.items()}
