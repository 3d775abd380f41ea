"""The person's audio on its way to the model: in order, once, untouched; gaps filled, an outage bridged by a short ring.

The model's speech detection counts audio time, so missing frames would freeze the end of a turn. (realtime.md rules 9-13)
"""

import base64
from collections import deque
from dataclasses import dataclass, field

from qualify.audio import BYTES_PER_MS, size
from qualify.commands import Command, SendAudio
from qualify.events import CallerAudio

RING_MS = 10_000
GAP_MS = 60
"""Smaller jumps are jitter of the stamps."""
LOUD = frozenset(range(0x00, 0x30)) | frozenset(range(0x80, 0xB0))
"""μ-law codes of a loud sample (the code falls as loudness grows)."""


def silence(ms: int) -> str:
    return base64.b64encode(b"\xff" * (ms * BYTES_PER_MS)).decode()


@dataclass(slots=True)
class Uplink:
    open: bool = False
    sent_ms: float = 0.0
    """Audio written to the model's buffer in this model session."""
    media_at: float = 0.0
    gaps_ms: int = 0
    dropped_ms: int = 0
    padded: bool = False
    _next: int = -1
    _ring: deque[str] = field(default_factory=deque)
    _ring_ms: int = 0

    def take(self, frame: CallerAudio, now: float) -> list[Command]:
        length = size(frame.payload) // BYTES_PER_MS
        self.media_at = now
        gap = frame.timestamp - self._next if self._next >= 0 and frame.timestamp else 0
        self._next = frame.timestamp + length
        if not self.open:
            self._keep(frame.payload, length)
            return []
        self.sent_ms += length
        if gap < GAP_MS or self.padded:
            self.padded = False
            return [SendAudio(frame.payload)]
        gap = min(gap, RING_MS)
        self.gaps_ms += gap
        self.sent_ms += gap
        return [SendAudio(silence(gap)), SendAudio(frame.payload)]

    def pad(self, ms: int) -> list[Command]:
        """Silence in place of frames that stopped coming in the middle of speech; once, until they resume."""
        if self.padded or not self.open:
            return []
        self.padded = True
        self.sent_ms += ms
        return [SendAudio(silence(ms))]

    def connect(self) -> list[Command]:
        """The model listens (again): hand over what was kept."""
        self.open, self.sent_ms = True, float(self._ring_ms)
        kept = [SendAudio(payload) for payload in self._ring]
        self._ring.clear()
        self._ring_ms = 0
        return list(kept)

    def disconnect(self) -> None:
        self.open = False

    def kept_speech(self) -> bool:
        """Whether the ring sounds like more than line noise: 300 ms of frames with many loud samples."""
        loud = 0
        for payload in self._ring:
            data = base64.b64decode(payload)
            loud += len(data) // BYTES_PER_MS if sum(code in LOUD for code in data) * 4 > len(data) else 0
        return loud >= 300

    def wall(self, offset_ms: int, now: float) -> float:
        """When the sound at this offset of the model's buffer was sent."""
        return now - max(0.0, self.sent_ms - offset_ms) / 1000

    def _keep(self, payload: str, length: int) -> None:
        self._ring.append(payload)
        self._ring_ms += length
        while self._ring_ms > RING_MS:
            gone = size(self._ring.popleft()) // BYTES_PER_MS
            self._ring_ms -= gone
            self.dropped_ms += gone
