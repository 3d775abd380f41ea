"""A telephone line in simulated time: a brain at one end, a scripted agent at the other, real speech between."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml

from sandbox.callers import Brain, HangUp, Press, Say, StopTalking, persona_for
from sandbox.speech import Ear, Library
from sandbox.speech.mulaw import decode, encode

PLAYBOOKS = Path(__file__).parents[3] / "prompts" / "playbooks"
LIBRARY = Library.shipped()
TICK_MS = 20
FRAME = 160
SLOT_1, SLOT_2 = "Tuesday, November 24th at 10:00 AM", "Wednesday, November 25th at 2:30 PM"

Agent = Callable[[str], str | None]  # what the caller said (empty at first) -> what to say; None hangs up


class Line:
    """One call. The agent answers when the caller's last word was understood, and falls silent when interrupted.

    A `foreign` agent speaks with a voice the ear does not know, as a real model would.
    """

    def __init__(self, number: str, agent: Agent, foreign: bool = False, call: int = 1) -> None:
        self.brain = Brain(persona_for(number), LIBRARY, call)
        self._agent, self._foreign = agent, foreign
        self._agent_ear, self._caller_ear = Ear(LIBRARY), Ear(LIBRARY)
        self._to_caller, self._to_agent = b"", b""
        self._sounding, self._sounding_since, self._silent_ms = False, 0, 0
        self.caller_said: list[str] = []
        self.agent_said: list[str] = []
        self.interrupted_after: list[int] = []  # milliseconds into the agent's utterance
        self.pressed: list[str] = []
        self.hung_up_by = ""
        self.now = 0

    def run(self, minutes: float = 5) -> "Line":
        self._act(self.brain.on_answer(self.now))
        self._speak("")
        while not self.hung_up_by and self.now < minutes * 60_000:
            self.now += TICK_MS
            self._agent_side()
            self._caller_side()
        return self

    def _agent_side(self) -> None:
        frame, self._to_agent = self._to_agent[:FRAME], self._to_agent[FRAME:]
        if frame and self._to_caller and len(self.agent_said) > 1:
            self.interrupted_after.append(self.now - self._sounding_since)
            self._to_caller = b""
        for heard in self._agent_ear.feed(frame or b"\xff" * FRAME):
            if not self._to_caller:
                self._speak(heard.text)

    def _caller_side(self) -> None:
        frame, self._to_caller = self._to_caller[:FRAME], self._to_caller[FRAME:]
        self._silent_ms = 0 if frame else self._silent_ms + TICK_MS
        if frame and not self._sounding:
            self._sounding, self._sounding_since = True, self.now
            self._act(self.brain.on_agent_started(self.now))
        for heard in self._caller_ear.feed(frame or b"\xff" * FRAME):
            self._act(self.brain.on_agent_speech(heard.text, self.now))
        if self._sounding and self._silent_ms > 400:
            self._sounding = False
            self._act(self.brain.on_agent_stopped(self.now))
        self._act(self.brain.on_tick(self.now))

    def _speak(self, caller_text: str) -> None:
        line = self._agent(caller_text)
        if line is None:
            self.hung_up_by = "agent"
        elif line:
            self.agent_said.append(line)
            mulaw = LIBRARY.say(line, "ava").mulaw
            self._to_caller = encode(sample * 3 // 4 for sample in decode(mulaw)) if self._foreign else mulaw

    def _act(self, actions: Iterable[object]) -> None:
        for action in actions:
            match action:
                case Say(mulaw, text):
                    self.caller_said.append(text)
                    self._to_agent += mulaw
                case StopTalking():
                    self._to_agent = b""
                case Press(digit):
                    self.pressed.append(digit)
                case HangUp():
                    self.hung_up_by = "caller"
                case _:
                    raise AssertionError(action)


class PlaybookAgent:
    """Goes through a playbook's lines: enough judgement to lead each persona to its end."""

    def __init__(self, name: str) -> None:
        self.book = yaml.safe_load((PLAYBOOKS / f"{name}.yaml").read_text("utf-8"))
        self.steps = [question["ask"] for question in self.book["questions"]]
        self.offered = self.outcome = ""
        self.current = ""
        self.last = ""

    def __call__(self, said: str) -> str | None:
        self.last = self._next(said.lower()) or ""
        return None if self.outcome and not self.last else self.last

    def _next(self, said: str) -> str:
        if not self.last:
            return self._greeting()
        if self.outcome:
            return ""
        for words, outcome, closing in (
            ("take me off", "opted_out", "opted_out"),
            ("not interested", "declined", "declined"),
            ("i rent", "not_qualified", "not_qualified"),
            ("too far", "not_qualified", "not_qualified"),
        ):
            if words in said:
                return self._end(outcome, self.book["closing"][closing])
        if "human" in said or "real person" in said:
            return self._end("needs_human", self.book["transfer"]["unavailable"] + " Goodbye.")
        if "robot" in said:
            return self.book["greeting"]["are_you_a_robot"]
        for objection in self.book["objections"]:
            if any(words in said for words in objection["hear"]):
                return f"{objection['say']} {self.current if objection['id'] != 'busy' else ''}".strip()
        if "call me back" in said:
            return self.book["callback"]["ask"]
        if "tomorrow" in said:
            self.outcome = "callback"
            return self.book["callback"]["read_back"].replace("{slot}", "tomorrow at 4:00 PM")
        return self._go_on(said)

    def _greeting(self) -> str:
        self.current = " ".join(
            line for part, line in self.book["greeting"].items() if part not in ("are_you_a_robot", "screener")
        )
        for placeholder, value in {"first_name": "Maria", "agent": "Ava", "brand": "Brightroof"}.items():
            self.current = self.current.replace(f"{{{placeholder}}}", value)
        return self.current

    def _go_on(self, said: str) -> str:
        if "say that again" in said or "stay on the line" in said or "hello" in said:
            return self.current
        meeting = self.book["meeting"]
        if self.offered and "second one" in said:
            self.offered = SLOT_2
        elif self.offered and "yes" in said:
            booked = meeting["booked"].replace("{slot}", self.offered)
            return self._end("booked", f"{booked} {self.book['closing']['booked']}")
        elif self.offered == "" and not self.steps:
            self.offered = SLOT_1
            self.current = meeting["offer"].replace("{slot_1}", SLOT_1).replace("{slot_2}", SLOT_2)
            return self.current
        if self.offered:
            self.current = meeting["read_back"].replace("{slot}", self.offered)
            return self.current
        self.current = self.steps.pop(0)
        return self.current

    def _end(self, outcome: str, line: str) -> str:
        self.outcome = outcome
        return line


@pytest.fixture
def library() -> Library:
    return LIBRARY


@pytest.fixture
def line() -> type[Line]:
    return Line


@pytest.fixture
def playbook_agent() -> type[PlaybookAgent]:
    return PlaybookAgent
