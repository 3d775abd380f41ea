"""People whose fate a test spells out: `POST /_sandbox/calls/script`.

    {"to": "+1…", "ring_s": 0.1, "answer": "human", "sip": 486,
     "steps": [{"at_ms": 500, "say": "Hello?"}, {"at_ms": 900, "press": "1"}, {"after_agent_ms": 300, "say": "Yes."},
               {"at_ms": 4000, "hang_up": true}]}

Steps with `at_ms` happen that long after the answer. The others are turns, one after the other: a turn waits for the
agent to fall silent once more (`after_agent_ms`), or that long after the turn before it (`after_ms`).
`answer` is human, voicemail, busy, no_answer, failed, screening, silence or menu. `tone_ms` instead of `say` emits a tone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.callers import Action, HangUp, Press, Say
from sandbox.speech import Library

ANSWERS = frozenset({"human", "voicemail", "busy", "no_answer", "failed", "screening", "silence", "menu"})
TONE = bytes((0x9F, 0x1F)) * 80  # a loud 4 kHz square wave, one frame


@dataclass(frozen=True)
class Step:
    at_ms: int | None = None
    after_agent_ms: int | None = None
    after_ms: int | None = None
    say: str = ""
    tone_ms: int = 0
    press: str = ""
    hang_up: bool = False


@dataclass(frozen=True)
class Script:
    ring_s: float = 0.2
    answer: str = "human"
    sip: int | None = None
    voice: str = "rms"
    steps: tuple[Step, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise ValueError(f"answer must be one of {', '.join(sorted(ANSWERS))}")


def read_script(document: dict[str, Any]) -> Script:
    wishes = {name: value for name, value in document.items() if name != "to"}
    steps = tuple(Step(**step) for step in wishes.pop("steps", ()))
    return Script(steps=steps, **wishes)


def prepare(script: Script, library: Library) -> None:
    """Renders the lines beforehand (the library remembers them): synthesis would hold up every call's clock."""
    for step in script.steps:
        if step.say:
            library.say(step.say, voice=script.voice)


class ScriptedMind:
    def __init__(self, script: Script, library: Library) -> None:
        self._script, self._library = script, library
        self._timed = [step for step in script.steps if step.at_ms is not None]
        self._turns = [step for step in script.steps if step.at_ms is None]
        self._silent_since: int | None = None
        self._last_ms = 0

    def on_answer(self, now_ms: int) -> list[Action]:
        return []

    def on_agent_speech(self, text: str, now_ms: int) -> list[Action]:
        return []

    def on_agent_started(self, now_ms: int) -> list[Action]:
        self._silent_since = None
        return []

    def on_agent_stopped(self, now_ms: int) -> list[Action]:
        self._silent_since = now_ms
        return []

    def on_tick(self, now_ms: int) -> list[Action]:
        acts: list[Action] = []
        while self._timed and now_ms >= (self._timed[0].at_ms or 0):
            acts += self._perform(self._timed.pop(0))
        while self._turns and self._ripe(self._turns[0], now_ms):
            self._silent_since, self._last_ms = None, now_ms
            acts += self._perform(self._turns.pop(0))
        return acts

    def _ripe(self, step: Step, now_ms: int) -> bool:
        if step.after_agent_ms is not None:
            return self._silent_since is not None and now_ms >= self._silent_since + step.after_agent_ms
        return now_ms >= self._last_ms + (step.after_ms or 0)

    def _perform(self, step: Step) -> list[Action]:
        acts: list[Action] = []
        if step.say:
            acts.append(Say(self._library.say(step.say, voice=self._script.voice).mulaw, step.say))
        if step.tone_ms:
            acts.append(Say(TONE * (step.tone_ms // 20), "(tone)"))
        acts += [Press(digit) for digit in step.press]
        if step.hang_up:
            acts.append(HangUp())
        return acts
