"""`python -m tests.bench.lists --rows 1000000`: lists go into a running installation on PostgreSQL that dials one call a second.

First a hundredth, then a tenth of the rows, for the memory they take; then all of them, killed with -9 in the middle and
started again. Meanwhile a lead comes to the door now and then.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, func, select

from campaign.database import Database
from campaign.records import Attempt, Lead
from tests import postgres
from tests.journeys.stack import CAMPAIGN, Stack, until

AREAS = ("212", "315", "332", "347", "363", "516", "518", "585", "607", "631", "646", "716", "718", "838", "845", "914")
NOBODY_HOME = "07"
"""The ending of numbers that nobody answers."""
PREFIXES = range(20_000, 100_000)
EVERY_S = 10.0
FRESH = "+1929"


@dataclass(frozen=True, slots=True)
class Ran:
    seconds: float
    peak_mb: float
    told: str


@dataclass(slots=True)
class Waits:
    """Leads at the door: until the carrier had their call, and calls of the list that it got in between."""

    ms: list[float] = field(default_factory=list)
    overtaken: list[int] = field(default_factory=list)


def listed(file: Path, first: int, count: int) -> Path:
    with file.open("w", encoding="utf-8") as text:
        text.write("external_id,first_name,phone,country,timezone,consent.given,consent.text\n")
        for number in range(first, first + count):
            area, prefix = divmod(number, len(PREFIXES))
            phone = f"+1{AREAS[area]}{PREFIXES[prefix]}{NOBODY_HOME}"
            text.write(f"row-{number},Maria,{phone},US,America/New_York,true,I agree to be called.\n")
    return file


def run(stack: Stack, file: Path, kill_at: int | None = None, database: Database | None = None) -> Ran:
    """One `firstring lead import`; with `kill_at`, killed when so many leads are in the database."""
    began = time.monotonic()
    words = [sys.executable, "-m", "webhooks.cli", "lead", "import", "website", str(file)]
    process = subprocess.Popen(words, env=stack.environment, cwd=stack.folder, stdout=subprocess.PIPE, text=True)
    if kill_at is not None and database is not None:
        until(lambda: leads(database) >= kill_at, "the list is half in", 3600, every=0.5)
        process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    told = process.stdout.read().strip()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(time.monotonic() - began, usage.ru_maxrss / 1024, told)


def leads(database: Database) -> int:
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(Lead)).one()


@contextmanager
def at_the_door(stack: Stack, database: Database) -> Iterator[Waits]:
    """A lead every few seconds; how long each waits for its call."""
    waits, over = Waits(), threading.Event()

    def come() -> None:
        number = 0
        while not over.wait(EVERY_S):
            to = f"{FRESH}{PREFIXES[number]}{NOBODY_HOME}"
            number += 1
            sent = datetime.now(UTC) + timedelta(seconds=stack.offset)
            assert stack.submit(to)["status"] == "queued"
            placed = until(lambda to=to: _placed(database, to), "the fresh lead is called", 60, every=0.3)
            waits.ms.append((placed - sent) / timedelta(milliseconds=1))
            waits.overtaken.append(_placed_between(database, sent, placed))

    door = threading.Thread(target=come)
    door.start()
    try:
        yield waits
    finally:
        over.set()
        door.join()


def _placed(database: Database, to: str) -> datetime | None:
    with database.reading() as session:
        return session.exec(select(Attempt.placed_at).where(Attempt.to_number == to)).first()


def _placed_between(database: Database, since: datetime, until_: datetime) -> int:
    """Calls of the list."""
    between = col(Attempt.placed_at).between(since, until_), ~col(Attempt.to_number).startswith(FRESH)
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(Attempt).where(*between)).one()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    campaign = CAMPAIGN.replace("calls_per_second: 20", "calls_per_second: 1")
    with postgres.running() as server:
        url = server.fresh()
        extra = {"TWILIO_CALLS_PER_SECOND": "1"}
        with Stack(database_url=url, campaign=campaign, extra=extra, crm="none") as stack:
            measure(stack, Database(url), given.rows)


def measure(stack: Stack, database: Database, rows: int) -> None:
    file, first = stack.folder / "list.csv", 0
    print("| rows | rows/s | peak memory | |\n|---|---|---|---|", flush=True)
    for count in (rows // 100, rows // 10):
        _say(count, count, run(stack, listed(file, first, count)))
        first += count
    listed(file, first, rows)
    before = leads(database)
    with at_the_door(stack, database) as waits:
        broken = run(stack, file, before + rows // 2, database)
        half = leads(database) - before - len(waits.ms)
        _say(rows, half, broken, "killed with -9")
        again = run(stack, file)
        _say(rows, rows, again, again.told)
    with database.reading() as session:
        total = session.exec(select(func.count()).where(col(Lead.external_id).startswith("row-"))).one()
    print(f"leads of the lists: {total:,}, rows: {first + rows:,}")
    late, between = sorted(waits.ms), waits.overtaken
    print(
        f"{len(late)} leads at the door meanwhile, form → call: median {statistics.median(late):.0f} ms, worst {late[-1]:.0f} ms;"
    )
    print(f"calls of the list placed in between: at most {max(between)}, {sum(between)} in all")


def _say(rows: int, done: int, ran: Ran, more: str = "") -> None:
    print(f"| {rows:,} | {done / ran.seconds:.0f} | {ran.peak_mb:.0f} MB | {more} |", flush=True)


if __name__ == "__main__":
    main()
