"""`python -m tests.bench.tools`: round trips of check_slots and schedule over a calendar that takes 150 ms to answer.

A process's first lookup pays for token and connection, a later one for one query, one that was read ahead for none.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import SQLModel

from calendar_sync.calendar import Calendar
from campaign import clock, ids
from campaign.database import Database
from campaign.records import Attempt, Lead
from campaign.settings import Settings
from qualify import playbook_file, tools
from qualify.tools.desk import Desk
from tests.media.exchange import sandbox
from tests.qualify.paper import CAMPAIGN

LATENCY_MS = 150


@contextmanager
def place(folder: Path) -> Iterator[tuple[Settings, Database]]:
    """An empty database and a slow calendar."""
    credentials = folder / "google.json"
    with sandbox("google", "--write-credentials", str(credentials)) as url:
        httpx.post(f"{url}/_sandbox/faults", json={"latency_ms": LATENCY_MS}).raise_for_status()
        settings = Settings(
            _env_file=None, environment="sandbox", public_url="http://127.0.0.1:1", google_calendar_url=url,
            database_url=f"sqlite:///{folder}/bench.db", google_service_account_file=credentials, var_dir=folder,
        )  # fmt: skip
        database = Database(settings.database_url)
        SQLModel.metadata.create_all(database.engine)
        yield settings, database
        database.dispose()


def called(database: Database) -> tuple[Lead, str]:
    """A lead on the phone, and the attempt."""
    now = clock.now()
    lead = Lead(
        id=ids.new("lead"), campaign="solar-us", source="website", external_id=ids.new("x"), received_at=now, updated_at=now
    )  # fmt: skip
    attempt = Attempt(
        id=ids.new("att"), lead_id=lead.id, campaign="solar-us", campaign_version=1, number=1, fence=1, from_number="+12125550100",
        to_number=f"+1{lead.id[-10:]}", intent_at=now, intent_real_at=clock.real_now(),
    )  # fmt: skip
    with database.transaction() as session:
        session.add(lead)
        session.flush()
        session.add(attempt)
    return lead, attempt.id


class Stopwatch:
    def __init__(self, desk: Desk, spans: dict[str, list[float]]) -> None:
        self._desk, self._spans = desk, spans

    def use(self, row: str, name: str, confirmed: str = "", **arguments: Any) -> dict[str, Any]:
        began = time.perf_counter()
        result = tools.run(name, json.dumps(arguments), self._desk, clock.now(), frozenset([confirmed]))
        self._spans[row].append((time.perf_counter() - began) * 1000)
        assert "error" not in result, result
        return result


def conversations(settings: Settings, database: Database, spans: dict[str, list[float]]) -> None:
    """Two calls of a fresh process: the first one pays for its connections, the second finds them open."""
    calendar = Calendar(settings, database)
    lookups = ("check_slots, first lookup of a process", "check_slots, not read ahead")
    bookings = ("schedule, first booking of a process", "schedule, booked and read from the calendar")
    for lookup, booking in zip(lookups, bookings, strict=True):
        playbook = playbook_file.load("solar-us").playbook
        watch = Stopwatch(Desk(CAMPAIGN, *called(database), playbook, "America/New_York", calendar), spans)
        forget(calendar)
        watch.use(lookup, "check_slots")
        forget(calendar)
        calendar.prefetch(CAMPAIGN, clock.now())
        slot = watch.use("check_slots, read ahead (at ring time)", "check_slots")["slots"][0]["slot_id"]
        key = watch.use("schedule, read-back", "schedule", slot_id=slot)["_key"]
        assert watch.use(booking, "schedule", key, slot_id=slot, confirm=True)["status"] == "booked"
    calendar.close()


def forget(calendar: Calendar) -> None:
    for person in CAMPAIGN.people:
        calendar._availability.forget(person.calendar)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tools", description=__doc__)
    parser.add_argument("--processes", type=int, default=20)
    given = parser.parse_args()
    spans: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, place(Path(folder)) as (settings, database):
        for _ in range(given.processes):
            conversations(settings, database, spans)
    print(
        f"calendar answers after {LATENCY_MS} ms; {given.processes} processes, two calls each\n\n| | p50 | p95 |\n|---|---|---|"
    )
    for row, sample in spans.items():
        print(f"| {row} | {statistics.median(sample):.0f} ms | {sorted(sample)[int(0.95 * len(sample))]:.0f} ms |")


if __name__ == "__main__":
    main()
