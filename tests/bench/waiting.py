"""A million leads that wait: who is next, and eight workers that all want the same ones; beside a bare SKIP LOCKED queue.

The bare queue is what one would write in an afternoon: a table of ids and times with one index, psycopg, one statement that
picks and marks the next row. It knows no campaigns, priorities, leases or fences.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.queues import Queue

import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel

from campaign import clock
from campaign.database import Database
from campaign.file import parse
from campaign.settings import Settings
from campaign.store import apply
from dialer import order
from dialer.claim import claim
from tests.dialer.stage import CAMPAIGN

WORKERS = 8
BARE_NEXT = (
    "SELECT id FROM bare_queue WHERE due_at <= now() AND NOT taken ORDER BY due_at LIMIT 10 FOR UPDATE SKIP LOCKED"
)
BARE_CLAIM = "UPDATE bare_queue SET taken = true WHERE id = (SELECT id FROM bare_queue WHERE id = %s AND NOT taken FOR UPDATE SKIP LOCKED) RETURNING id"  # noqa: E501
LEADS = """
INSERT INTO lead (id, campaign, source, external_id, first_name, last_name, email, phone_typed, phone, country, region, postcode,
  timezone, company, message, answers, extra, received_at, state, reason, priority, due_at, attempts, fence, updated_at)
SELECT 'lead' || n, 'solar-us', 'bench', 'e' || n, 'Maria', '', '', '', '+1' || (2120000000 + n), 'US', '', '',
  '', '', '', '{}', '{}', now(), 'scheduled', '', n % 4,
  now() + CASE WHEN (n / 4) % 2 = 0 THEN -1 ELSE 1 END * (n % 86400) * interval '1 second', 0, 0, now()
FROM generate_series(1, :n) n
"""


@dataclass(frozen=True)
class Found:
    p50_ms: float
    p99_ms: float


def fill(database: Database, leads: int) -> None:
    """Half of them due, of all four priorities."""
    SQLModel.metadata.create_all(database.engine)
    with database.transaction() as session:
        apply(session, parse(CAMPAIGN), CAMPAIGN, by="bench", now=clock.now())
        session.execute(sa.text(LEADS), {"n": leads})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "CREATE TABLE bare_queue (id text PRIMARY KEY, due_at timestamptz, taken bool DEFAULT false)"
        )
        connection.exec_driver_sql("INSERT INTO bare_queue SELECT id, due_at FROM lead")
        connection.exec_driver_sql("CREATE INDEX ON bare_queue (due_at) WHERE NOT taken")
        connection.exec_driver_sql("ANALYZE")


def next_due(database: Database, url: str, times: int) -> dict[str, Found]:
    """The product's whole question, brakes and room included; its one range read; the bare queue's."""
    settings = Settings(_env_file=None, twilio_account_sid="AC1", twilio_calls_per_second=7)  # type: ignore[call-arg]
    now = clock.now()

    def whole() -> None:
        with database.reading() as session:
            assert len(list(order.due(session, settings, now))) >= 10

    def read() -> None:
        with database.reading() as session:
            assert len(order.waiting(session, "solar-us", order.FRESH, now, now, 10)) == 10

    with psycopg.connect(_plain(url), autocommit=True) as connection:

        def bare() -> None:
            assert len(connection.execute(BARE_NEXT).fetchall()) == 10

        return {
            "firstring, who is rung in the next second": _timed(whole, times),
            "firstring, next ten of a campaign": _timed(read, times),
            "bare SKIP LOCKED queue, next ten": _timed(bare, times),
        }


def contention(url: str, claims: int) -> dict[str, tuple[float, int]]:
    """Claims a second of eight processes that want the same leads, and how many leads two of them got."""
    return {"firstring": _contend(_product, url, claims), "bare SKIP LOCKED queue": _contend(_bare, url, claims)}


def _contend(work: Callable[..., None], url: str, claims: int) -> tuple[float, int]:
    context = multiprocessing.get_context("spawn")
    ready, go, won = context.Barrier(WORKERS + 1), context.Event(), context.Queue()
    workers = [context.Process(target=work, args=(url, claims, number, ready, go, won)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    go.set()
    wins = Counter(lead for _ in workers for lead in won.get())
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    assert len(wins) == claims, "every lead was claimed"
    return claims / took, sum(count - 1 for count in wins.values())


def _product(url: str, claims: int, number: int, ready: object, go: object, won: "Queue[list[str]]") -> None:
    database = Database(url)
    mine = []
    now = clock.now() + timedelta(seconds=5)
    with database.reading() as session:
        claim(session, "nobody", "warm", now)
    ready.wait()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    for lead_id in _wanted(claims, number):
        with database.transaction() as session:
            if claim(session, lead_id, f"w{number}", now):
                mine.append(lead_id)
    won.put(mine)
    database.dispose()


def _bare(url: str, claims: int, number: int, ready: object, go: object, won: "Queue[list[str]]") -> None:
    mine = []
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        ready.wait()  # type: ignore[attr-defined]
        go.wait()  # type: ignore[attr-defined]
        for lead_id in _wanted(claims, number):
            if connection.execute(BARE_CLAIM, (lead_id,)).fetchone():
                mine.append(lead_id)
    won.put(mine)


def _wanted(claims: int, number: int) -> list[str]:
    """Each lead is named to two of the workers, as a repeated message would, in about the same order."""
    wanted = [n for n in range(claims) if n % WORKERS in (number, (number + 1) % WORKERS)]
    chance = random.Random(number)
    return [f"lead{8 * (n + 1)}" for n in sorted(wanted, key=lambda n: n + chance.uniform(0, 20))]


def _timed(work: Callable[[], None], times: int) -> Found:
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spans.append(1000 * (time.perf_counter() - began))
    spans.sort()
    return Found(spans[len(spans) // 2], spans[int(0.99 * (len(spans) - 1))])


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql", 1)
