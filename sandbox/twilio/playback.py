"""What is played into one telephone: a FIFO that leaves at 8000 bytes a second, with marks between the bytes.

A mark is due once everything queued before it has left. `clear` drops what has not been played and makes every
pending mark due at once, as Twilio does: so a mark after a clear proves nothing. No clock here: who ticks decides.
Sources: twilio.com/docs/voice/media-streams/websocket-messages; error 31931 for more than ten minutes buffered.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Mark = TypeVar("Mark")
BYTES_PER_SECOND = 8000
LONGEST = 10 * 60 * BYTES_PER_SECOND


class Playback(Generic[Mark]):
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._marks: deque[tuple[int, Mark]] = deque()
        self.queued = 0
        self.played = 0

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    def enqueue(self, audio: bytes) -> bool:
        """False when the buffer already holds ten minutes: the audio is discarded (31931)."""
        if len(self._buffer) + len(audio) > LONGEST:
            return False
        self._buffer += audio
        self.queued += len(audio)
        return True

    def mark(self, mark: Mark) -> list[Mark]:
        """Queue a mark; those due now are returned."""
        self._marks.append((self.queued, mark))
        return self.due()

    def due(self) -> list[Mark]:
        due: list[Mark] = []
        while self._marks and self._marks[0][0] <= self.played:
            due.append(self._marks.popleft()[1])
        return due

    def take(self, length: int) -> bytes:
        """The bytes that leave now; fewer than asked when the buffer runs dry."""
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        self.played += len(taken)
        return taken

    def clear(self) -> list[Mark]:
        """Forget what was not played; every pending mark comes back, in order."""
        flushed = [mark for _, mark in self._marks]
        self._marks.clear()
        self._buffer.clear()
        self.queued = self.played
        return flushed
