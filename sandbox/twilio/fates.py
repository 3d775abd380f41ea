"""Who answers a number and how: a script a test left for it, else the persona or colleague its last digits choose."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sandbox.callers import Brain, persona_for
from sandbox.speech import Library
from sandbox.twilio.callee import Mind
from sandbox.twilio.colleagues import colleague
from sandbox.twilio.scripts import Script, ScriptedMind

SIP = {"busy": 486, "no_answer": 487, "failed": 404}


@dataclass(frozen=True)
class Fate:
    answer: str
    ring_s: float
    gives_up_s: float | None  # how long an unanswered ring lasts; None: until Timeout
    sip: int
    mind: Mind
    persona: str
    amd: str = ""


class Fates:
    def __init__(self, voices: Library) -> None:
        self._voices = voices
        self.scripts: dict[str, Script] = {}
        self._calls: Counter[str] = Counter()

    def of(self, number: str, transferred: bool = False) -> Fate:
        """Asking counts as one more call to the number: some people are busy first and answer later."""
        self._calls[number] += 1
        script = self.scripts.get(number, colleague(number) if transferred else None)
        if script is not None:
            sip = script.sip or SIP.get(script.answer, 200)
            spelled = ScriptedMind(script, self._voices)
            return Fate(script.answer, script.ring_s, script.ring_s, sip, spelled, "script")
        persona = persona_for(number)
        answer = persona.answer_to(self._calls[number])
        sip = SIP.get(answer, 200) if persona.sip is None or answer == "human" else persona.sip
        mind = Brain(persona, self._voices, self._calls[number])
        return Fate(answer, persona.ring_s, None, sip, mind, persona.name, persona.amd)

    def reset(self) -> None:
        self.scripts.clear()
        self._calls.clear()
