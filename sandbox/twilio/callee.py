"""A person with a telephone at the ear: hears what is played, frame by frame, and answers in 20 ms frames.

The mind is a `Mind` (sandbox.callers.Brain or a script); this class is its mouth, its ears and its memory of the line.
It decides nothing. Time is milliseconds since the answer, given by whoever ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, assert_never

from sandbox.callers import Action, HangUp, Press, Say, StopTalking
from sandbox.speech import Ear, Heard
from sandbox.twilio.records import Caption
from sandbox.twilio.wire import SILENT_FRAME

BATCH = 5 * 160  # the ear is fed 100 ms at a time: recognising is cheaper in larger pieces
QUIET_MS = 400  # the ear's own gap between utterances


class Mind(Protocol):
    def on_answer(self, now_ms: int) -> list[Action]: ...
    def on_agent_speech(self, text: str, now_ms: int) -> list[Action]: ...
    def on_agent_started(self, now_ms: int) -> list[Action]: ...
    def on_agent_stopped(self, now_ms: int) -> list[Action]: ...
    def on_tick(self, now_ms: int) -> list[Action]: ...


@dataclass(frozen=True)
class Emitted:
    """What came out of the telephone in one tick."""

    frame: bytes
    digits: str
    hung_up: bool


class Callee:
    def __init__(self, mind: Mind, ear: Ear, heard: list[Caption], said: list[Caption]) -> None:
        self._mind, self._ear = mind, ear
        self.heard, self.said = heard, said
        self._unheard = bytearray()
        self._mouth = bytearray()
        self._turns: list[tuple[int, str]] = []  # (bytes in the mouth before it, text)
        self._pressed = ""
        self._leaving = False
        self._agent_talks = False
        self._quiet_ms = 0

    @property
    def talking(self) -> bool:
        return bool(self._mouth)

    def answer(self) -> None:
        self._obey(self._mind.on_answer(0))

    def tick(self, played: bytes, now_ms: int) -> Emitted:
        """`played` is the 160 bytes that reach the ear in this tick."""
        self._hear(played, now_ms)
        self._obey(self._mind.on_tick(now_ms))
        frame = self._speak(now_ms) if self._mouth else SILENT_FRAME
        digits, self._pressed = self._pressed, ""
        return Emitted(frame, digits, self._leaving)

    def interrupted(self, now_ms: int) -> None:
        """What was being played was cleared: the agent's utterance ends here."""
        if self._agent_talks:
            self._listen(now_ms)
            self._understand(self._ear.flush(), now_ms)
            self._agent_silent(now_ms)

    def rings(self, now_ms: int) -> None:
        """It rings at the other end: nobody talks, and there is something to wait for."""
        self._obey(self._mind.on_agent_stopped(now_ms))

    def leave(self, now_ms: int) -> None:
        """The line is dead: close the captions."""
        self._listen(now_ms)
        self._understand(self._ear.flush(), now_ms)
        self._mouth.clear()

    def _hear(self, played: bytes, now_ms: int) -> None:
        self._unheard += played
        if played is SILENT_FRAME or played.count(0xFF) + played.count(0x7F) > 152:
            self._quiet_ms += 20
        else:
            self._quiet_ms = 0
            if not self._agent_talks:
                self._agent_talks = True
                self._obey(self._mind.on_agent_started(now_ms))
        if len(self._unheard) >= BATCH:
            self._listen(now_ms)
        if self._agent_talks and self._quiet_ms > QUIET_MS:
            self._listen(now_ms)
            self._agent_silent(now_ms)

    def _listen(self, now_ms: int) -> None:
        sound, self._unheard = bytes(self._unheard), bytearray()
        self._understand(self._ear.feed(sound), now_ms)

    def _understand(self, utterances: list[Heard], now_ms: int) -> None:
        for heard in utterances:
            self.heard.append(Caption(heard.text, heard.start_byte // 8, heard.end_byte // 8, heard.complete))
            self._obey(self._mind.on_agent_speech(heard.text, now_ms))

    def _agent_silent(self, now_ms: int) -> None:
        self._agent_talks = False
        self._obey(self._mind.on_agent_stopped(now_ms))

    def _obey(self, acts: list[Action]) -> None:
        for act in acts:
            match act:
                case Say(mulaw, text):
                    self._turns.append((len(self._mouth), text))
                    self._mouth += mulaw
                case StopTalking():
                    self._mouth.clear()
                    self._turns.clear()
                case Press(digit):
                    self._pressed += digit
                case HangUp():
                    self._leaving = True
                case other:
                    assert_never(other)

    def _speak(self, now_ms: int) -> bytes:
        if self._turns and self._turns[0][0] <= 0:
            self.said.append(Caption(self._turns.pop(0)[1], now_ms, now_ms, complete=False))
        frame = bytes(self._mouth[:160]).ljust(160, b"\xff")
        del self._mouth[:160]
        self._turns = [(before - 160, text) for before, text in self._turns]
        current = self.said[-1]
        current.end_ms = now_ms + 20
        current.complete = not self._mouth or bool(self._turns and self._turns[0][0] <= 0)
        return frame
