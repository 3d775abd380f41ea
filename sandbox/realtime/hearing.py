"""The input side: appended audio becomes turns, and turns become words the model can have heard.

Keeps the turn detector, the ear and the uncommitted buffer together. It decides nothing about responses.
"""

from dataclasses import dataclass, field

from sandbox.realtime.audio import MULAW_BYTES_PER_MS, to_mulaw
from sandbox.realtime.stage import Ear
from sandbox.realtime.vad import SpeechStarted, SpeechStopped, Tuning, TurnDetector


@dataclass
class Hearing:
    ear: Ear
    detector: TurnDetector = field(default_factory=TurnDetector)
    buffered_ms: int = 0  # since the last commit or clear
    _words: list[str] = field(default_factory=list)

    @property
    def audio_ms(self) -> int:
        return self.detector.audio_ms

    def tune(self, turn_detection: dict[str, object] | None) -> None:
        tuning = Tuning.of(turn_detection) if turn_detection else None
        if tuning != self.detector.tuning:
            self.detector.tuning = tuning
            self.detector.forget_turn()

    def append(self, data: bytes, kind: str) -> list[SpeechStarted | SpeechStopped]:
        mulaw = to_mulaw(data, kind)
        self.buffered_ms += len(mulaw) // MULAW_BYTES_PER_MS
        self._words += [heard.text for heard in self.ear.feed(mulaw)]
        return self.detector.feed(mulaw)

    def take_words(self) -> str:
        """What was said in the turn that ends now; empty when it was no speech we know."""
        words = [*self._words, *(heard.text for heard in self.ear.flush())]
        self.drop_buffer()
        return " ".join(word for word in words if word).strip()

    def drop_buffer(self) -> None:
        self._words.clear()
        self.buffered_ms = 0
