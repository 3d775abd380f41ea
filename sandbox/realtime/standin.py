"""The stand-in model: acts a playbook out, one pure decision a turn, over whatever the conversation's items say so far.

Judgement is scripted (`understanding.py`), the rest is a real conversation: it hears recognised speech, calls tools
only through the protocol, can be interrupted and goes on from what was not heard. It never says "booked" before a
tool did. Small habits of the 2.x models (a spoken preamble, an extra item) are drawn from the scene's `quirk`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.realtime.after_tools import ToolReader
from sandbox.realtime.after_words import Listener
from sandbox.realtime.memory import CONSENT, END, Memory, exact_line
from sandbox.realtime.script import Script, script_after, script_from
from sandbox.realtime.speaker import Speaker
from sandbox.realtime.summary import answer
from sandbox.realtime.turn import Call, Say, Scene, Turn
from sandbox.realtime.understanding import Wish, wish_of

GREETING = ("greeting.disclosure", "greeting.purpose", "greeting.recording", "greeting.opt_out", "greeting.ask")
_GREETING = re.compile(r"^# Greeting\n[^\n]*\n\"(.+)\"$", re.M)
_URGENT = (Wish.OPT_OUT, Wish.HUMAN)


class Standin:
    """A `Model` over the playbooks of one folder."""

    def __init__(self, playbooks: Path) -> None:
        self._playbooks = playbooks

    def __call__(self, scene: Scene) -> Turn:
        if scene.text_only:
            return (Say(_in_text(scene)),)
        script = self._script(scene)
        memory = Memory(script).read(scene.items)
        line = memory.ordered or exact_line(scene.order)
        if line and wish_of(memory.words) not in _URGENT:
            return (Say(line),)
        turn = _Mind(Speaker(script, memory), memory, scene).decide()
        return tuple(step for step in turn if isinstance(step, Say) or step.name in scene.tools)

    def _script(self, scene: Scene) -> Script:
        """The playbook of the instructions, or the one a system item has named since."""
        told = (item.words for item in reversed(scene.items) if item.type == "message" and item.role == "system")
        brief = next((words for words in told if words.startswith("Playbook:")), None)
        if brief is None:
            return script_from(scene.instructions, self._playbooks)
        return script_after(scene.instructions, brief, self._playbooks)


@dataclass
class _Mind:
    speaker: Speaker
    memory: Memory
    scene: Scene

    def decide(self) -> Turn:
        """A strong wish comes before a tool's answer, a tool's answer before what else the caller said."""
        memory = self.memory
        if memory.ended:
            return ()
        wish = wish_of(memory.words)
        if wish and (memory.greeted or wish in (Wish.OPT_OUT, Wish.VOICEMAIL)):
            turn = self._follow(wish)
            if turn is not None:
                return turn
        if memory.results:
            return ToolReader(self.speaker, memory).on_result(memory.results[-1])
        if not memory.greeted:
            return self._greet()
        if memory.awaiting == END:
            return self.speaker.close(memory.closing)
        if memory.said:
            return Listener(self.speaker, memory, self.scene.quirk).on_caller()
        return self.speaker.say(*self.speaker.continuation())

    def _follow(self, wish: Wish) -> Turn | None:
        answers: Mapping[Wish, Callable[[], Turn | None]] = {
            Wish.OPT_OUT: lambda: self.speaker.close("opted_out"),
            Wish.WRONG_NUMBER: lambda: (
                *self.speaker.say("stock.wrong_number"),
                Call("end_call", {"reason": "wrong_number"}),
            ),
            Wish.VOICEMAIL: lambda: (Call("end_call", {"reason": "voicemail"}),),
            Wish.SCREENING: lambda: self.speaker.say("greeting.disclosure", "greeting.purpose"),
            Wish.ROBOT: lambda: self.speaker.say("greeting.are_you_a_robot", *self.speaker.continuation()),
            Wish.HUMAN: lambda: (
                *self.speaker.say("transfer.offer"),
                Call("transfer_to_human", {"reason": self.memory.words[:200]}),
            ),
            Wish.DECLINE: lambda: self.speaker.close("declined"),
            Wish.HOLD: self._hold,
        }
        return answers[wish]()

    def _hold(self) -> Turn | None:
        """A request to wait asks for silence, unless there is more in the sentence."""
        waiting = wish_of(self.memory.said[-1]) is Wish.HOLD and self.memory.awaiting in (CONSENT, "")
        if waiting and Listener(self.speaker, self.memory, self.scene.quirk).objection() is None:
            return ()
        return None

    def _greet(self) -> Turn:
        """All of it, unless the compiled instructions leave a line out (no recording, no notice)."""
        lines = [key for key in GREETING if key in self.speaker.script.lines]
        wanted = [key for key in lines if self.speaker.script.line(key) in self.scene.instructions]
        if "greeting.disclosure" not in wanted and (quoted := _GREETING.search(self.scene.instructions)):
            return (Say(quoted.group(1)),)  # another opening than the usual: the person rings us
        lines = wanted if "greeting.disclosure" in wanted else lines
        if self.scene.quirk < 0.25:
            return (*self.speaker.say(*lines[:-1]), *self.speaker.say(lines[-1]))
        return self.speaker.say(*lines)


def _in_text(scene: Scene) -> str:
    """An out-of-band wish, such as a summary: answered from the items by the deterministic summary."""
    lines = []
    for item in scene.items:
        if item.type == "message" and item.role in ("user", "assistant"):
            who = "Caller" if item.role == "user" else "Agent"
            lines.append(f"{who}: {item.heard_words()}")
    return answer(scene.order or scene.instructions, "\n".join(lines), None)
