"""A call as a script: virtual time, a phone that plays at 8,000 bytes a second and echoes marks, a model that is told what to do.

Tests read like a call; what the session commanded is in `sent`, what the person really heard in `phone.heard`.
"""

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qualify import commands as do
from qualify import events as ev
from qualify.audio import size
from qualify.session import Session
from qualify.terms import Clip, Terms

MANDATORY = (
    "Hi Pat, this is Ava, an AI assistant calling for Brightroof.",
    "This call is recorded.",
    "Say stop at any time.",
)
ASK = "Is now a good time?"
GREETING = " ".join((*MANDATORY, ASK))
PCMU = "audio/pcmu"
C = TypeVar("C", bound=do.Command)


def audio(ms: int) -> str:
    return base64.b64encode(b"\x20" * (ms * 8)).decode()


def quiet(ms: int) -> str:
    return base64.b64encode(b"\xff" * (ms * 8)).decode()


def clip(text: str, ms: int) -> Clip:
    return Clip(text, tuple(audio(180) for _ in range(ms // 180)))


def terms(**changes: Any) -> Terms:
    base: dict[str, Any] = {
        "mandatory": MANDATORY,
        "ask": ASK,
        "closing": {
            "booked": "See you then. Goodbye.",
            "declined": "Goodbye.",
            "opted_out": "I won't call again. Goodbye.",
            "failed": "Sorry.",
        },
        "clips": {"one_moment": clip("One moment please.", 900), "apology_callback": clip("Sorry. Goodbye.", 1800)},
    }
    return Terms(**(base | changes))


@dataclass
class VirtualPhone:
    """Plays what it is sent, in order, in real (virtual) time; `heard` counts bytes played per owner of the audio."""

    queue: deque[tuple[str, Any]] = field(default_factory=deque)
    free_at: float = 0.0
    played_bytes: int = 0
    echoes: bool = True
    cleared: int = 0
    done: list[tuple[float, str]] = field(default_factory=list)

    def take(self, command: do.Command, now: float) -> None:
        match command:
            case do.Play(payload=payload):
                start = max(self.free_at, now)
                self.free_at = start + size(payload) / 8000
                self.queue.append(("audio", (start, self.free_at, size(payload))))
            case do.Mark(name=name):
                self.queue.append(("mark", (max(self.free_at, now), name)))
            case do.Clear():
                flushed = [entry[1][1] for entry in self.queue if entry[0] == "mark"]
                self.played_bytes += sum(self._played(entry, now) for entry in self.queue if entry[0] == "audio")
                self.queue.clear()
                self.free_at, self.cleared = now, self.cleared + 1
                self.done += [(now, name) for name in flushed]  # Twilio echoes all that was pending

    def due(self) -> float | None:
        """When the next mark comes back."""
        first = self.done[0][0] if self.done else None
        pending = next((entry[1][0] for entry in self.queue if entry[0] == "mark"), None)
        times = [at for at in (first, pending) if at is not None]
        return min(times) if times and self.echoes else None

    def pop(self, now: float) -> str | None:
        if self.done:
            return self.done.pop(0)[1]
        while self.queue:
            kind, value = self.queue[0]
            if kind == "audio" and value[1] <= now + 1e-9:
                self.played_bytes += value[2]
                self.queue.popleft()
            elif kind == "mark" and value[0] <= now + 1e-9:
                self.queue.popleft()
                return str(value[1])
            else:
                return None
        return None

    @staticmethod
    def _played(entry: tuple[str, Any], now: float) -> int:
        start, end, length = entry[1]
        return int(length * min(1.0, max(0.0, (now - start) / (end - start)))) if end > start else 0


class Call:
    def __init__(self, **changes: Any) -> None:
        self.now = 100.0
        self.session = Session(terms(**changes), self.now)
        self.talk = self.session.talk
        self.phone = VirtualPhone(free_at=self.now)
        self.sent: list[do.Command] = []
        self.each: Callable[[do.Command], None] = lambda command: None
        """Told of each command as it is given."""
        self.wake_at: float | None = None
        self.frames = True
        self.voice = False
        self._frame_at = self.now
        self._stamp = 0
        self._serial = 0
        self._take(self.session.begin(self.now))

    # --- the machinery ---

    def on(self, event: ev.Event) -> "Call":
        self._take(self.session.handle(event, self.now))
        return self

    def _take(self, commands: list[do.Command]) -> None:
        for command in commands:
            self.sent.append(command)
            self.each(command)
            if isinstance(command, do.WakeAt):
                self.wake_at = command.at
            self.phone.take(command, self.now)

    def wait(self, seconds: float) -> "Call":
        """Time passes: frames come in every 20 ms (in steps), marks come back, the clock rings."""
        until = self.now + seconds
        while True:
            times = [until, *(at for at in (self.wake_at, self.phone.due()) if at is not None)]
            if self.frames:
                times.append(self.now + 0.2)
            self.now = max(self.now, min(times))
            if self.frames and not self.session.over:
                self._frame()
            while self.phone.echoes and (name := self.phone.pop(self.now)) is not None:
                self.on(ev.MarkEchoed(name))
            if self.wake_at is not None and self.wake_at <= self.now + 1e-9:
                self.wake_at = None
                self.on(ev.ClockRang())
            if self.now >= until - 1e-9:
                return self

    def _frame(self) -> None:
        """What the person's line carried since the last one: voice while they speak, else quiet."""
        ms = round((self.now - self._frame_at) * 50) * 20
        if ms > 0:
            self._frame_at += ms / 1000
            self._stamp += ms
            self.on(ev.CallerAudio(audio(ms) if self.voice else quiet(ms), self._stamp))

    def of(self, kind: type[C]) -> list[C]:
        return [command for command in self.sent if isinstance(command, kind)]

    def forget(self) -> "Call":
        self.sent.clear()
        return self

    def fresh(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial}"

    # --- the story ---

    def model_opens(self) -> "Call":
        return self.on(ev.ModelOpened())

    def model_ready(self, into: str = PCMU, out: str = PCMU) -> "Call":
        return self.on(ev.ModelConfigured(into, out))

    def caller_says(
        self, text: str | None, *, seconds: float = 0.5, silence: float = 0.0, commit: bool = True
    ) -> "Call":
        """Voice for `seconds`, then `silence` until the model takes the turn for over."""
        item = self.fresh("u")
        self.caller_begins(item).wait(seconds)
        self.voice = False
        self.wait(silence).on(ev.SpeechStopped(item))
        if commit:
            self.on(ev.SpeechCommitted(item))
        if text is not None:
            self.on(ev.CallerWords(item, text))
        return self

    def caller_begins(self, item: str = "u99") -> "Call":
        self.voice = True
        return self.on(ev.SpeechStarted(item))

    def caller_interrupts(self, item: str = "u99") -> "Call":
        """Speech over the agent that lasts."""
        return self.caller_begins(item).wait(self.talk.terms.short_speech)

    def response(self, *, request: str | None = None) -> str:
        """The model begins: for our last request, unless told otherwise."""
        asked = self.of(do.AskResponse)
        response = self.fresh("r")
        self.on(ev.ResponseStarted(response, (asked[-1].event_id if asked else "") if request is None else request))
        return response

    def agent_says(
        self, text: str, ms: int = 2000, *, response: str | None = None, step: int = 200, done: bool = True
    ) -> str:
        """All audio in one burst, as the API sends it."""
        response = response or self.response()
        item = self.fresh("a")
        self.on(ev.AgentItem(response, item))
        self.on(ev.AgentWords(response, item, text))
        for at in range(0, ms, step):
            self.on(ev.AgentAudio(response, item, audio(min(step, ms - at))))
        self.on(ev.AgentAudioEnded(response, item))
        if done:
            self.done(response)
        return item

    def kept(self, item: str, kind: str = "message", role: str = "", call_id: str = "") -> "Call":
        """The API says that the conversation holds an item now."""
        return self.on(ev.ItemKept(item, call_id, kind, role))

    def done(self, response: str, status: str = "completed", reason: str = "", **more: Any) -> "Call":
        return self.on(ev.ResponseEnded(response, status, reason, **more))

    def tool(self, name: str, arguments: str = "{}", *, response: str | None = None, done: bool = True) -> str:
        response = response or self.response()
        call_id = self.fresh("call")
        self.on(ev.ToolAsked(response, call_id, name, arguments))
        if done:
            self.done(response)
        return call_id

    def tool_answers(self, call_id: str, **result: Any) -> "Call":
        return self.on(ev.ToolAnswered(call_id, result))

    def opened(self) -> "Call":
        """Connected, a person says the carrier, greeted, heard, listening: where the conversation starts."""
        self.model_opens().model_ready().caller_says("Hello?").on(ev.Verdict("human"))
        self.agent_says(GREETING, 6000)
        self.wait(7.0)
        return self.forget()

    def ends_well(self) -> None:
        """Nothing left behind: over, finished once, silent afterwards."""
        assert self.session.over
        assert len(self.of(do.Finish)) == 1
        self.forget().on(ev.ClockRang()).on(ev.AgentAudio("r", "i", audio(20))).on(ev.StreamEnded())
        assert self.sent == []
