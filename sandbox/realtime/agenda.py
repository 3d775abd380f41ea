"""What is due when: the core's waits, as data.

An action is due at an instant; `run(now)` carries out everything due, in order of instant, then of being noted.
The shell asks `next_at` when to come back. Nothing here reads a clock.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[], None]


@dataclass(order=True)
class Note:
    at: float
    number: int
    action: Action = field(compare=False)
    dropped: bool = field(default=False, compare=False)

    def drop(self) -> None:
        self.dropped = True


@dataclass
class Agenda:
    now: float = 0.0
    _notes: list[Note] = field(default_factory=list)
    _count: int = 0

    def at(self, when: float, action: Action) -> Note:
        self._count += 1
        note = Note(when, self._count, action)
        heapq.heappush(self._notes, note)
        return note

    def after(self, seconds: float, action: Action) -> Note:
        return self.at(self.now + seconds, action)

    def next_at(self) -> float | None:
        while self._notes and self._notes[0].dropped:
            heapq.heappop(self._notes)
        return self._notes[0].at if self._notes else None

    def run(self, now: float) -> None:
        """Each action sees `self.now` as the instant it was due, so a late wake-up does not stretch what follows."""
        while (at := self.next_at()) is not None and at <= now:
            note = heapq.heappop(self._notes)
            self.now = max(self.now, note.at)
            note.action()
        self.now = max(self.now, now)

    def clear(self) -> None:
        self._notes.clear()
