"""The database goes away for a while, in the way each of the two can: a server that is killed, a file somebody holds."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from tests.postgres import Postgres


class Outage(Protocol):
    def begin(self) -> None: ...

    def end(self) -> None: ...


class Killed:
    """PostgreSQL, kill -9, and started again on the same data."""

    def __init__(self, server: Postgres) -> None:
        self.begin, self.end = server.kill, server.start


class Locked:
    """The file as a backup or a person with a shell would hold it: whoever wants to write waits, and gives up in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> None:
        self._held = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        self._held.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        with closing(self._held) as held:
            held.execute("ROLLBACK")
