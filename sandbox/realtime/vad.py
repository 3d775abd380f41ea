"""Server turn detection on μ-law energy, in audio time: only appended bytes make its clock tick.

`feed` answers with what changed. Offsets follow the documented meaning: a start already includes the prefix padding,
an end includes the silence that ended the turn. When frames stop arriving nothing happens, exactly as with the real
service.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.audio import FRAME_BYTES, MULAW_BYTES_PER_MS, level

FRAME_MS = FRAME_BYTES // MULAW_BYTES_PER_MS
LEVEL_AT_FULL_THRESHOLD = 8.0  # mean magnitude of 255; 0.5 wants about -36 dBFS, which line noise does not reach
_TO_GO_ON = 0.25  # the s of "thanks" is far softer than its vowel, and still speech
_FRAMES_TO_START = 2  # 40 ms: a click is not speech
_EAGERNESS_SILENCE_MS = {"low": 1200, "medium": 700, "auto": 700, "high": 400}


@dataclass(frozen=True)
class SpeechStarted:
    audio_start_ms: int


@dataclass(frozen=True)
class SpeechStopped:
    audio_start_ms: int
    audio_end_ms: int


@dataclass(frozen=True)
class Tuning:
    level: float  # to begin
    prefix_ms: int
    silence_ms: int

    @classmethod
    def of(cls, turn_detection: dict[str, Any]) -> "Tuning":
        if turn_detection["type"] == "semantic_vad":
            silence = _EAGERNESS_SILENCE_MS[turn_detection.get("eagerness") or "auto"]
            return cls(LEVEL_AT_FULL_THRESHOLD * 0.5, 300, silence)
        return cls(
            max(0.5, LEVEL_AT_FULL_THRESHOLD * turn_detection["threshold"]),
            turn_detection["prefix_padding_ms"],
            turn_detection["silence_duration_ms"],
        )


@dataclass
class TurnDetector:
    """Lives as long as the session; session.update exchanges `tuning`, None means the client commits by itself."""

    tuning: Tuning | None = None
    speaking: bool = False
    audio_ms: int = 0
    _floor_ms: int = 0
    _start_ms: int = 0
    _voiced: int = 0
    _voice_end_ms: int = 0
    _carry: bytearray = field(default_factory=bytearray)

    def feed(self, mulaw: bytes) -> list[SpeechStarted | SpeechStopped]:
        self._carry += mulaw
        found: list[SpeechStarted | SpeechStopped] = []
        whole = len(self._carry) // FRAME_BYTES * FRAME_BYTES
        for at in range(0, whole, FRAME_BYTES):
            change = self._frame(bytes(self._carry[at : at + FRAME_BYTES]))
            if change:
                found.append(change)
        del self._carry[:whole]
        return found

    def forget_turn(self) -> None:
        """After a clear, a commit by hand or a change of detection: the next turn starts here."""
        self.speaking, self._voiced, self._floor_ms = False, 0, self.audio_ms

    def _frame(self, frame: bytes) -> SpeechStarted | SpeechStopped | None:
        self.audio_ms += FRAME_MS
        if self.tuning is None:
            return None
        needed = self.tuning.level * _TO_GO_ON if self.speaking else self.tuning.level
        if level(frame) >= needed:
            return self._on_voice(self.tuning)
        return self._on_silence(self.tuning)

    def _on_voice(self, tuning: Tuning) -> SpeechStarted | None:
        self._voiced += 1
        self._voice_end_ms = self.audio_ms
        if self.speaking or self._voiced < _FRAMES_TO_START:
            return None
        self.speaking = True
        onset = self.audio_ms - self._voiced * FRAME_MS
        self._start_ms = max(self._floor_ms, onset - tuning.prefix_ms)
        return SpeechStarted(self._start_ms)

    def _on_silence(self, tuning: Tuning) -> SpeechStopped | None:
        self._voiced = 0
        if not self.speaking or self.audio_ms - self._voice_end_ms < tuning.silence_ms:
            return None
        self.speaking = False
        self._floor_ms = self.audio_ms
        return SpeechStopped(self._start_ms, self.audio_ms)
