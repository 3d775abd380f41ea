"""Sends job hints beside the request: a slow or dead broker must not hold up an answer.

One thread, a bounded queue. What does not fit or does not arrive is dropped and counted; the row is the truth and the
sweep finds it. In a rush of leads only as many hints are sent as can be rung at once: a hint costs more than a row.
"""

import queue
import threading
from collections.abc import Callable

import structlog

from campaign import clock
from campaign.database import Sender
from campaign.jobs import Job

log = structlog.get_logger()
CAPACITY = 10_000
MOST_DIALS_PER_S = 50.0


class Hints:
    """A `Sender` that returns at once. `close()` sends what is queued, for at most `patience` seconds."""

    def __init__(
        self, send: Sender, warm: Callable[[], None] = lambda: None, dials_per_s: float = MOST_DIALS_PER_S
    ) -> None:
        """`warm` runs on the thread before the first hint. `dials_per_s`: hints to dial beyond it find no room anyway;
        those leads are found by the sweep within a second or two, newest first."""
        self._send = send
        self._warm = warm
        self._queue: queue.Queue[tuple[Job, str] | None] = queue.Queue(CAPACITY)
        self._rate = self._dials = dials_per_s
        self._at = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
        self._thread.start()

    def __call__(self, job: Job, entity_id: str) -> None:
        try:
            self._queue.put_nowait((job, entity_id))
        except queue.Full:
            log.warning("job hint dropped; the sweep will find the row", job=job.value)

    def close(self, patience: float = 3.0) -> None:
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(patience)

    def _run(self) -> None:
        self._warm()
        while (hint := self._queue.get()) is not None:
            job, entity_id = hint
            if job is Job.DIAL and not self._may_dial():
                continue
            try:
                self._send(job, entity_id)
            except Exception as error:  # whatever the broker client throws must not end the thread
                log.warning("job hint not sent; the sweep will find the row", job=job.value, error=type(error).__name__)

    def _may_dial(self) -> bool:
        now = clock.monotonic()
        self._dials = min(self._rate, self._dials + (now - self._at) * self._rate)
        self._at = now
        if self._dials < 1:
            return False
        self._dials -= 1
        return True
