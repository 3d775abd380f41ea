"""Leads that arrive while a transaction runs go into the next one together: alone when it is quiet, by the dozen in a rush.

One thread a process writes them, so a rush costs the database a few transactions and not one each; every sender is answered
only after the commit of its own lead. A lead that cannot be written takes nobody else's down: the rest go in without it.
"""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from campaign import clock
from campaign.database import Database
from webhooks.leads.intake import Accepted, Arrival, accept

log = structlog.get_logger()
MOST = 64
"""In one transaction: a lead in it waits for the others' rows, about 1 ms each."""
RUSH, GATHERING_S = 4, 0.015
"""After so many came together, the next are given a moment to gather: alone a lead costs six times as much as among sixteen."""
WAITING = 4000
"""Leads in line past which a sender is asked to come back: half a minute's worth at the worst."""
Result = Accepted | BaseException


class Full(Exception):
    """More leads wait than can be written soon."""


@dataclass(frozen=True, slots=True)
class Waiting:
    arrival: Arrival
    answer: "asyncio.Future[Accepted]"
    loop: asyncio.AbstractEventLoop


class Lane:
    """Opened with its process; `close()` writes what is in line first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._line: queue.Queue[Waiting | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    async def accept(self, arrival: Arrival) -> Accepted:
        """What becomes of it, once that is committed. Raises `Full`, and whatever the database raised."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(arrival, loop.create_future(), loop)
        try:
            self._line.put_nowait(waiting)
        except queue.Full:
            raise Full from None
        return await waiting.answer

    def close(self, patience: float = 10.0) -> None:
        self._line.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        open_, rush = True, False
        while open_:
            first = self._line.get()
            if rush:
                time.sleep(GATHERING_S)
            together = [first] if first else []
            open_ = first is not None
            while open_ and len(together) < MOST:
                try:
                    further = self._line.get_nowait()
                except queue.Empty:
                    break
                open_ = further is not None
                together += [further] if further else []
            rush = len(together) >= RUSH
            if together:
                _answer(zip(together, self._written([one.arrival for one in together]), strict=True))

    def _written(self, arrivals: list[Arrival]) -> list[Result]:
        try:
            with self._database.transaction() as session:
                return list(accept(session, arrivals, clock.now()))
        except Exception as error:
            if len(arrivals) == 1:
                return [error]
            log.warning(
                "leads that came together are written one by one", leads=len(arrivals), kind=type(error).__name__
            )
        return self._one_by_one(arrivals)

    def _one_by_one(self, arrivals: list[Arrival]) -> list[Result]:
        """Where the database itself is away, the rest need not wait to learn it too."""
        results: list[Result] = []
        for arrival in arrivals:
            gone = results and isinstance(results[-1], OperationalError | PoolTimeout)
            results += [results[-1]] if gone else self._written([arrival])
        return results


def _answer(answered: Iterable[tuple[Waiting, Result]]) -> None:
    """One wake-up for each loop, however many of its leads were written."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Result]]] = defaultdict(list)
    for waiting, result in answered:
        by_loop[waiting.loop].append((waiting, result))
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, mine)
        except RuntimeError:  # closed meanwhile: nobody is left to be told
            log.warning("senders left before they were answered", leads=len(mine))


def _resolve(answered: list[tuple[Waiting, Result]]) -> None:
    for waiting, result in answered:
        if waiting.answer.done():  # its sender has hung up
            continue
        if isinstance(result, BaseException):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)
