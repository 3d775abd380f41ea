"""Every persona that talks is led to its end by the stand-in: real speech both ways, the real protocol, simulated time.

The bridge here is the smallest honest one: what was not played when the person speaks is thrown away and truncated at
what was heard; tools answer at once; the call ends when the farewell was played.
"""

import base64
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.callers import Brain, persona_for
from sandbox.callers.actions import HangUp, StopTalking
from sandbox.callers.actions import Say as CallerSays
from sandbox.speech import Ear

SILENCE = b"\xff" * 160
SLOTS = [
    {"slot_id": "s1", "say": "Tuesday, November 24th at 10:00 AM"},
    {"slot_id": "s2", "say": "Wednesday, November 25th at 2:30 PM"},
]
NUMBERS = {
    ending: f"+121255501{ending}" for ending in ["01", "02", "03", "04", "09", "10", "11", "13", "14", "15", "16"]
}


@dataclass
class Desk:
    """The five tools, as strict as the product's where it matters to the talk."""

    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.called.append((name, arguments))
        match name:
            case "save_answers":
                answers = arguments["answers"]
                failed = "homeowner" if {"question_id": "homeowner", "value": "no"} in answers else None
                return {"saved": [a["question_id"] for a in answers], "disqualified": failed}
            case "check_slots":
                return {"slots": SLOTS, "timezone": "America/New_York"}
            case "schedule":
                return self._schedule(arguments)
            case "transfer_to_human":
                return {"status": "transferring"}
            case _:
                return {"status": "ending"}

    def _schedule(self, arguments: dict[str, Any]) -> dict[str, Any]:
        callback = arguments["kind"] == "callback"
        if arguments["confirm"]:
            return {"status": "callback_promised" if callback else "booked"}
        if callback:
            return {"status": "read_back", "read_back": "tomorrow at 4:00 PM"}
        say = next(slot["say"] for slot in SLOTS if slot["slot_id"] == arguments["slot_id"])
        return {"status": "read_back", "read_back": say, "slot_id": arguments["slot_id"]}


@dataclass
class Line:
    """The phone line between one brain and one session, frame by frame."""

    bench: Any
    brain: Brain
    desk: Desk = field(default_factory=Desk)
    queue: deque[tuple[str, bytes]] = field(default_factory=deque)
    played: dict[str, int] = field(default_factory=dict)
    mouth: deque[bytes] = field(default_factory=deque)
    ms: int = 0
    sounding: bool = False
    quiet_ms: int = 0
    over: str = ""
    ending: bool = False
    discarded: set[str] = field(default_factory=set)

    def run(self, seconds: int) -> None:
        ear = Ear(self.bench.library)
        self._act(self.brain.on_answer(0))
        greeted = False
        while self.ms < seconds * 1000 and not self.over:
            greeted = greeted or bool(self.bench.of("response.created"))
            if self.ms >= 1200 and not greeted and not self.bench.session.hearing.detector.speaking:
                self._on_events(self.bench.create())
            self._on_events(self.bench.append(self.mouth.popleft() if self.mouth else SILENCE))
            self.ms += 20
            self._listen(ear, self._play())
            self._act(self.brain.on_tick(self.ms))
            if self.ending and not self.queue and not self.bench.session.responses.active:
                self.over = "agent"

    def _play(self) -> bytes:
        frame = b""
        while self.queue and len(frame) < 160:
            item, sound = self.queue.popleft()
            take = sound[: 160 - len(frame)]
            frame += take
            self.played[item] = self.played.get(item, 0) + len(take)
            if len(take) < len(sound):
                self.queue.appendleft((item, sound[len(take) :]))
        return frame

    def _listen(self, ear: Ear, frame: bytes) -> None:
        if frame and not self.sounding:
            self.sounding = True
            self._act(self.brain.on_agent_started(self.ms))
        for heard in ear.feed(frame or SILENCE):
            self._act(self.brain.on_agent_speech(heard.text, self.ms))
        self.quiet_ms = 0 if frame else self.quiet_ms + 20
        if self.sounding and self.quiet_ms >= 400:
            self.sounding = False
            self._act(self.brain.on_agent_stopped(self.ms))

    def _act(self, actions: list[Any]) -> None:
        for action in actions:
            match action:
                case CallerSays():
                    self.mouth.extend(action.mulaw[at : at + 160] for at in range(0, len(action.mulaw), 160))
                case StopTalking():
                    self.mouth.clear()
                case HangUp():
                    self.over = "caller"

    def _on_events(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            match event["type"]:
                case "response.output_audio.delta" if event["response_id"] not in self.discarded:
                    self.queue.append((event["item_id"], base64.b64decode(event["delta"])))
                case "input_audio_buffer.speech_started":
                    self._interrupted()
                case "response.done":
                    self._on_done(event["response"])

    def _interrupted(self) -> None:
        items = list(dict.fromkeys(item for item, _ in self.queue))
        active = self.bench.session.responses.active
        if active:
            self.discarded.add(active.id)
        self.queue.clear()
        for item in items:
            heard = self.played.get(item, 0) // 8
            self._on_events(
                self.bench.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=heard)
            )

    def _on_done(self, response: dict[str, Any]) -> None:
        calls = [
            item for item in response["output"] if item["type"] == "function_call" and item["status"] == "completed"
        ]
        for call in calls:
            result = self.desk.answer(call["name"], json.loads(call["arguments"]))
            item = {"type": "function_call_output", "call_id": call["call_id"], "output": json.dumps(result)}
            self._on_events(self.bench.send("conversation.item.create", item=item))
            self.ending = self.ending or call["name"] in ("end_call", "transfer_to_human")
        if calls and not self.ending:
            self._on_events(self.bench.create())


def _call(make_bench, session_config, library, number, seed):
    bench = make_bench(seed=seed)
    bench.send("session.update", session=session_config(idle_timeout_ms=8000))
    line = Line(bench, Brain(persona_for(number), library))
    line.run(240)
    return line


REASONS = {
    "01": "completed",
    "02": "completed",
    "03": "not_interested",
    "09": "opted_out",
    "10": "callback",
    "11": "not_qualified",
    "13": "completed",
    "15": "completed",
    "16": "completed",
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("ending", list(NUMBERS))
def test_a_persona_reaches_its_end(make_bench, session_config, library, ending, seed):
    line = _call(make_bench, session_config, library, NUMBERS[ending], seed)
    said = [entry["who"] + ": " + entry["text"] for entry in line.bench.session.stage.journal.transcript]
    story = "\n".join(said)
    last = line.desk.called[-1] if line.desk.called else ("", {})
    if ending == "04":
        assert last[0] == "transfer_to_human", story
    elif ending == "14":
        assert last == ("end_call", {"reason": "unreachable"}) or line.over == "caller", story
    else:
        assert last == ("end_call", {"reason": REASONS[ending]}), story
    if REASONS.get(ending) == "completed":
        wanted = "s2" if ending == "16" else "s1"
        assert ("schedule", {"kind": "meeting", "slot_id": wanted, "confirm": True}) in line.desk.called, story
        assert len([call for call in line.desk.called if call[0] == "save_answers"]) == 4, story
    assert line.bench.broken_rules() == [], story
