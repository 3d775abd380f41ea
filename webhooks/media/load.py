"""How busy this media process is, and whether it takes another call. New calls are refused before running ones suffer.

Two readings over the last seconds: how late the loop's timers are, and the share of a core that the loop's own thread uses.
A process that is full opens again only when both are well below their limits, so that it does not flap at the edge.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

TICK = 0.05
WINDOW = 40
"""Ticks that are looked back on: two seconds."""
LATE_SHARE = 0.9
"""One long stall is no overload: a tenth of the ticks must be late."""
REOPEN = 0.85
FEW = 4


@dataclass(frozen=True, slots=True)
class Limits:
    calls: int = 0
    """0: no fixed number."""
    lag_ms: float = 20.0
    busy: float = 0.75


class Load:
    """`tick` takes readings, `reason` says why no call is taken, or nothing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lags: deque[float] = deque(maxlen=WINDOW)
        self._marks: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._strained = ""
        self.calls = 0

    def tick(self, late: float, wall: float, used: float) -> None:
        """One reading: how late it comes, and what clock and CPU clock say, all in seconds."""
        self._lags.append(late)
        self._marks.append((wall, used))
        share = REOPEN if self._strained else 1.0
        if self.busy > self._limits.busy * share:
            self._strained = "busy"
        elif self.lag_ms > self._limits.lag_ms * share:
            self._strained = "late"
        else:
            self._strained = ""

    @property
    def reason(self) -> str:
        if self._limits.calls and self.calls >= self._limits.calls:
            return "calls"
        return self._strained if self.calls >= FEW else ""  # with hardly a call, refusing one would relieve nothing

    @property
    def lag_ms(self) -> float:
        """What nine ticks of ten keep within."""
        ordered = sorted(self._lags)
        return 1000 * ordered[int(LATE_SHARE * (len(ordered) - 1))] if ordered else 0.0

    @property
    def busy(self) -> float:
        """Share of a core."""
        if len(self._marks) < 2:
            return 0.0
        (began, used), (ended, spent) = self._marks[0], self._marks[-1]
        return (spent - used) / max(1e-9, ended - began)


async def watch(load: Load) -> None:
    """Takes readings as long as it runs; belongs on the loop that carries the calls."""
    due = time.monotonic() + TICK
    while True:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        load.tick(now - due, now, time.thread_time())
        due = max(due + TICK, now)
