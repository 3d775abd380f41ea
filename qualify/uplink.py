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
QUIET = bytes(code for code in range(256) if code & 0x7F >= 0x30)
"""μ-law codes of a soft sample (the code falls as loudness grows)."""


def is_loud(payload: str) -> bool:
    """Whether a frame sounds like more than line noise: many loud samples."""
    data = base64.b64decode(payload)
    return len(data.translate(None, QUIET)) * 4 > len(data)


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
    missing: int = 0
    repeated: int = 0
    """Frames that never came, and frames that came again or late, by their number. (twilio.md R64)"""
    padded: bool = False
    weighed_ms: int = 0
    """Audio since the watch began."""
    loud_ms: int = 0
    """Voice among it."""
    quiet_ms: int = 0
    """How long it has been quiet, up to now."""
    watched: bool = False
    _next: int = -1
    _chunk: int = 0
    _ring: deque[str] = field(default_factory=deque)
    _ring_ms: int = 0

    def take(self, frame: CallerAudio, now: float) -> list[SendAudio]:
        length = size(frame.payload) // BYTES_PER_MS
        self.media_at = now
        if frame.chunk == self._chunk + 1:
            self._chunk += 1
        elif frame.chunk and not self._in_order(frame.chunk):
            return []
        gap = frame.timestamp - self._next if self._next >= 0 and frame.timestamp else 0
        self._next = frame.timestamp + length
        if self.watched:
            self._weigh(frame.payload, length)
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

    def _in_order(self, chunk: int) -> bool:
        if chunk <= self._chunk:
            self.repeated += 1
            return False
        self.missing += chunk - self._chunk - 1 if self._chunk else 0
        self._chunk = chunk
        return True

    def trouble(self) -> dict[str, int]:
        """What the line did to the person's audio."""
        return {
            "gaps_ms": self.gaps_ms,
            "missing_frames": self.missing,
            "repeated_frames": self.repeated,
            "dropped_ms": self.dropped_ms,
        }

    def watch(self) -> None:
        """From now on, weigh what comes in: is it voice?"""
        self.watched, self.weighed_ms, self.loud_ms, self.quiet_ms = True, 0, 0, 0

    def unwatch(self) -> None:
        self.watched = False

    def _weigh(self, payload: str, length: int) -> None:
        self.weighed_ms += length
        if is_loud(payload):
            self.loud_ms, self.quiet_ms = self.loud_ms + length, 0
        else:
            self.quiet_ms += length

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
        return sum(size(payload) // BYTES_PER_MS for payload in self._ring if is_loud(payload)) >= 300

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
