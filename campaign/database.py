"""One session = one transaction. Commit happens once, at the edge; jobs named on the way are sent after it.

SQLite runs in WAL with `BEGIN IMMEDIATE`, so that a writer waits for its turn instead of failing half-way;
PostgreSQL runs read committed. Both give aware UTC times (`records.base.Instant`).
"""

import fcntl
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import make_url
from sqlmodel import Session

from campaign.jobs import Job

log = structlog.get_logger()
Sender = Callable[[Job, str], None]
BEGIN = sa.text("BEGIN IMMEDIATE")


class Database:
    """Opens and owns the engine; close it with `dispose()`. `send` receives the jobs of each committed transaction."""

    def __init__(self, url: str, send: Sender | None = None, *, pool_size: int = 10) -> None:
        self.url = url
        self.send = send
        self._file = make_url(url).database if url.startswith("sqlite") else None
        self.engine = _sqlite(url, pool_size) if url.startswith("sqlite") else _postgres(url, pool_size)

    @contextmanager
    def transaction(self, *, patient: bool = False) -> Iterator[Session]:
        """Write: commits when the block ends well, rolls back otherwise, then sends what `after_commit` collected.

        `patient`: nobody waits for it, so on SQLite whoever is waited for is let in before it.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            with self._turn(patient):
                try:
                    if self.is_sqlite:
                        session.execute(BEGIN)
                    yield session
                    session.commit()
                except BaseException:
                    session.rollback()  # before the next writer's turn
                    raise
            jobs: list[tuple[Job, str]] = session.info.pop("jobs", [])
        for job, entity_id in jobs:
            self._send(job, entity_id)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read only, which PostgreSQL enforces. It ends with COMMIT: at a ROLLBACK psycopg forgets all its prepared statements,
        and the server would plan every statement anew."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            session.connection(execution_options={"postgresql_readonly": True})
            yield session
            session.expunge_all()  # so that COMMIT finds nothing to write, whatever the block did to its rows
            session.commit()

    @contextmanager
    def _turn(self, patient: bool) -> Iterator[None]:
        """SQLite has one writer, and who waits for it polls, unfairly, up to a tenth of a second apart. So all writers, threads
        and processes, queue for a lock on a file beside it, which the kernel hands on in order and takes back from the dead.
        The patient queue among themselves first: there is one of them at most between two that are waited for."""
        with ExitStack() as held:
            for lock in (("patient", "turn") if patient else ("turn",)) if self._file else ():
                fcntl.flock(held.enter_context(open(f"{self._file}-{lock}", "ab")), fcntl.LOCK_EX)
            yield

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def dispose(self) -> None:
        self.engine.dispose()

    def _send(self, job: Job, entity_id: str) -> None:
        if self.send is None:
            return
        try:
            self.send(job, entity_id)
        except Exception as error:  # whatever the broker client throws: the row is the truth, the sweep finds it
            log.warning("job hint not sent; the sweep will find the row", job=job.value, error=type(error).__name__)


def after_commit(session: Session, job: Job, entity_id: str) -> None:
    """Send `job` for this id once the transaction has committed; never before, or the worker finds no row."""
    session.info.setdefault("jobs", []).append((job, entity_id))


def _sqlite(url: str, pool_size: int) -> sa.Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        hide_parameters=True,
        json_serializer=_json,
        connect_args={"timeout": 20, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = (
            None  # we say BEGIN ourselves; pysqlite's own is deferred and then fails on upgrade
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres(url: str, pool_size: int) -> sa.Engine:
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)  # what hosting platforms hand out
    return sa.create_engine(
        url,
        hide_parameters=True,
        json_serializer=_json,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
    )


_UNSTORABLE = re.compile(r"\\u0000|\\ud[89a-f]|NaN|Infinity")


def _json(value: Any) -> str:
    text = json.dumps(value)
    if _UNSTORABLE.search(text) is None:  # nearly always: looking at each value took nine tenths of the time
        return text
    return json.dumps(storable(value), allow_nan=False)


def storable(value: Any) -> Any:
    """What a model says may hold what PostgreSQL refuses, in JSON and in text: no call's account may be lost for one NUL."""
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {storable(key): storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
        case _:
            return value
