"""The stand-in model: acts a playbook out, one pure decision a turn, over whatever the conversation's items say so far.

Judgement is scripted (`understanding.py`), the rest is a real conversation: it hears recognised speech, calls tools only through
the protocol, reads their answers, can be interrupted and goes on from what was not heard. It promises never to say "booked"
before a tool did. Small habits of the 2.x models (a spoken preamble, an extra item) are drawn from the scene's `quirk`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.realtime.memory import CALLBACK_OK, CALLBACK_WHEN, CONSENT, END, MEETING_OK, OFFER, Memory, Result
from sandbox.realtime.script import Script, script_from
from sandbox.realtime.summary import answer
from sandbox.realtime.turn import Call, Say, Scene, Turn
from sandbox.realtime.understanding import (
    Wish,
    choice_in,
    half_day_in,
    has,
    is_goodbye,
    is_hello,
    number_in,
    slot_in,
    wants_other_times,
    wants_repeat,
    wish_of,
    yes_or_no,
)

GREETING = ("greeting.disclosure", "greeting.purpose", "greeting.recording", "greeting.opt_out", "greeting.ask")
_PATIENCE = 2  # times an answer is asked for again
_OFFERS = 4
_END_REASONS = {
    "booked": "completed",
    "not_qualified": "not_qualified",
    "declined": "not_interested",
    "callback": "callback",
    "opted_out": "opted_out",
    "failed": "failed",
}
_PREAMBLES = ("Okay.", "Got it.", "Thank you.")
_ACKNOWLEDGEMENTS = ("Great.", "", "Thanks.", "", "Got it.", "")
_SAY_EXACTLY = re.compile(
    r"\b(?:say|speak|read out) (?:exactly|word for word|verbatim)[^:]*:\s*[\"“]?(.+?)[\"”]?\s*$", re.I | re.S
)


class Standin:
    """A `Model` over the playbooks of one folder."""

    def __init__(self, playbooks: Path) -> None:
        self._playbooks = playbooks

    def __call__(self, scene: Scene) -> Turn:
        if scene.text_only:
            return (Say(_in_text(scene)),)
        script = script_from(scene.instructions, self._playbooks)
        memory = Memory(script).read(scene.items)
        exactly = _SAY_EXACTLY.search(memory.whisper) or _SAY_EXACTLY.search(scene.order)
        if exactly and not _is_urgent(memory):
            return (Say(exactly.group(1)),)
        return _only_known_tools(_Mind(script, memory, scene.quirk).decide(), scene.tools)


@dataclass
class _Mind:
    script: Script
    memory: Memory
    quirk: float

    def decide(self) -> Turn:
        memory = self.memory
        if memory.ended:
            return ()
        wish = wish_of(memory.words)
        if wish and (memory.greeted or wish in (Wish.OPT_OUT, Wish.VOICEMAIL)):
            turn = self._follow_wish(wish)
            if turn is not None:
                return turn
        if memory.results:
            return self._on_result(memory.results[-1])
        if not memory.greeted:
            return self._greet()
        if memory.awaiting == END:
            return self._close(memory.closing)
        if memory.said:
            return self._on_caller()
        return self._say(*(memory.unheard or [self._ask_key()]))

    # --- the caller's wishes, at any moment ------------------------------------------------------------------------

    def _follow_wish(self, wish: Wish) -> Turn | None:
        answers: Mapping[Wish, Callable[[], Turn | None]] = {
            Wish.OPT_OUT: lambda: self._close("opted_out"),
            Wish.WRONG_NUMBER: lambda: (*self._say("stock.wrong_number"), Call("end_call", {"reason": "wrong_number"})),
            Wish.VOICEMAIL: lambda: (Call("end_call", {"reason": "voicemail"}),),
            Wish.SCREENING: lambda: self._say("greeting.disclosure", "greeting.purpose"),
            Wish.ROBOT: lambda: self._say("greeting.are_you_a_robot", *self._continuation()),
            Wish.HUMAN: lambda: (
                *self._say("transfer.offer"),
                Call("transfer_to_human", {"reason": self.memory.words[:200]}),
            ),
            Wish.DECLINE: lambda: self._close("declined"),
            Wish.HOLD: self._hold,
        }
        return answers[wish]()

    def _hold(self) -> Turn | None:
        """A request to wait asks for silence, unless there is more in the sentence."""
        if self.memory.awaiting in (CONSENT, "") and self._objection() is None:
            return ()
        return None

    def _objection(self) -> str | None:
        return self.script.objection_to(lambda phrases: has(self.memory.words, phrases))

    # --- tools ------------------------------------------------------------------------------------------------------

    def _on_result(self, result: Result) -> Turn:
        match result.name:
            case "save_answers":
                return self._on_saved(result)
            case "check_slots":
                return self._offer() if self.memory.slots and not result.error else self._no_slots(result)
            case "schedule":
                return self._on_scheduled(result)
            case "transfer_to_human" if result.error:
                return self._say("transfer.unavailable", "callback.ask")
            case _:
                return ()

    def _on_saved(self, result: Result) -> Turn:
        failed = result.output.get("disqualified")
        if failed:
            said = str(result.output.get("say") or "") or self.script.line(f"disqualify.{failed}")
            return self._close("not_qualified", before=said)
        if result.error and self.memory.errors["save_answers"] < _PATIENCE:
            return (Call("save_answers", result.arguments),)
        return self._next()

    def _next(self) -> Turn:
        """The next question still open, or the calendar."""
        known = self.memory.answered | self.memory.given_up
        wanted = [each["id"] for each in self.script.questions if each["id"] not in known]
        if self.memory.open is not None:
            wanted = [each for each in wanted if each in self.memory.open]
        if not wanted:
            return (Say(self.script.line("recap"), "commentary"), Call("check_slots", {}))
        line = self.script.line(f"question.{wanted[0]}")
        thanks = _ACKNOWLEDGEMENTS[len(known) % len(_ACKNOWLEDGEMENTS)] if known else ""
        return (Say(f"{thanks} {line}".strip()),)

    def _offer(self, before: str = "") -> Turn:
        if self.memory.offers >= _OFFERS:
            return self._say("callback.ask")
        says = [str(slot.get("say", "")) for slot in self.memory.slots]
        if len(says) == 1:
            return (Say(f"{before} {self.script.line('stock.one_slot', slot_1=says[0])}".strip()),)
        line = self.script.line("meeting.offer", slot_1=says[0], slot_2=says[1])
        return (Say(f"{before} {line}".strip()),)

    def _no_slots(self, result: Result) -> Turn:
        broken = result.error and result.error != "no_slots"
        return self._say("stock.no_calendar" if broken else "stock.no_slots", "callback.ask")

    def _on_scheduled(self, result: Result) -> Turn:
        callback = result.arguments.get("kind") == "callback"
        heading = "callback" if callback else "meeting"
        read_back = str(result.output.get("read_back") or "")
        match result.output.get("status") or result.error:
            case "read_back" | "not_confirmed" if read_back:
                return (Say(self.script.line(f"{heading}.read_back", slot=read_back)),)
            case "booked":
                return self._close("booked", before=self.script.line("meeting.booked", slot=self._agreed(result)))
            case "callback_promised":
                return self._close("callback", before=self.script.line("callback.promised", slot=self._agreed(result)))
            case _:
                return self._say("callback.ask") if callback else self._after_refusal(result)

    def _agreed(self, result: Result) -> str:
        read_back = self.memory.scheduled.output.get("read_back") if self.memory.scheduled else None
        return str(read_back or result.output.get("say") or result.output.get("start") or "")

    def _after_refusal(self, result: Result) -> Turn:
        if self.memory.errors["schedule"] > _PATIENCE:
            return self._say("callback.ask")
        if result.output.get("slots"):
            return self._offer(before=self.script.line("stock.slot_taken"))
        if result.error == "calendar_unavailable":
            return self._say("stock.no_calendar", "callback.ask")
        return (Say(self.script.line("stock.let_me_check"), "commentary"), Call("check_slots", {}))

    # --- what the caller said ----------------------------------------------------------------------------------------

    def _greet(self) -> Turn:
        lines = [key for key in GREETING if key in self.script.lines]
        if self.quirk < 0.25:
            return (*self._say(*lines[:-1]), *self._say(lines[-1]))
        return self._say(*lines)

    def _on_caller(self) -> Turn:
        objection = self._objection()
        if objection == "busy":
            return self._say("objection.busy")
        if objection:
            return self._say(f"objection.{objection}", *self._continuation())
        if any(key.startswith("greeting.") for key in self.memory.unheard) and self.memory.awaiting == CONSENT:
            return self._say(*self.memory.unheard)
        understood = self._on_answer()
        return understood if understood is not None else self._ask_again()

    def _on_answer(self) -> Turn | None:
        """None when the words do not answer what was asked."""
        words, kind = self.memory.words, self.memory.awaiting.partition(":")[0]
        answers: Mapping[str, Callable[[str], Turn | None]] = {
            CONSENT: self._on_consent,
            "question": self._on_question,
            OFFER: self._on_choice_of_slot,
            MEETING_OK: self._on_meeting_ok,
            CALLBACK_WHEN: self._on_callback_when,
            CALLBACK_OK: self._on_callback_ok,
        }
        return answers[kind](words) if words and kind in answers else None

    def _on_consent(self, words: str) -> Turn | None:
        agreed = yes_or_no(words)
        if agreed is None:
            return None
        if agreed:
            return self._next()
        return self._close("declined") if "thank" in words.lower() else self._say(self._busy_key())

    def _busy_key(self) -> str:
        return "objection.busy" if "objection.busy" in self.script.lines else "callback.ask"

    def _on_question(self, words: str) -> Turn | None:
        question = self.script.question(self.memory.awaiting.partition(":")[2])
        value = _value_of(words, question)
        if value is None:
            return None
        call = Call("save_answers", {"answers": [{"question_id": question["id"], "value": value}]})
        if self.quirk < 0.2:
            return (Say(_PREAMBLES[int(self.quirk * 15)], "commentary"), call)
        return (call,)

    def _on_choice_of_slot(self, words: str) -> Turn | None:
        place = slot_in(words, self._offered())
        if place is not None:
            return (self._schedule(self.memory.slots[place]),)
        if wants_other_times(words) or half_day_in(words):
            half = half_day_in(words)
            return (
                Say(self.script.line("stock.let_me_check"), "commentary"),
                Call("check_slots", {"prefer": half} if half else {}),
            )
        return None

    def _offered(self) -> list[str]:
        return [str(slot.get("say", "")) for slot in self.memory.slots[:2]]

    def _on_meeting_ok(self, words: str) -> Turn | None:
        """Another offered time named at the read-back is a new choice, not a yes."""
        read_back = self.memory.scheduled
        if read_back is None:
            return self._offer() if self.memory.slots else None
        agreed_id = read_back.output.get("slot_id") or read_back.arguments.get("slot_id")
        place = slot_in(words, self._offered())
        if place is not None and self.memory.slots[place].get("slot_id") != agreed_id:
            return (self._schedule(self.memory.slots[place]),)
        agreed = yes_or_no(words)
        if agreed:
            return (Call("schedule", {"kind": "meeting", "slot_id": agreed_id, "confirm": True}),)
        return None if agreed is None else self._offer()

    def _schedule(self, slot: Mapping[str, Any]) -> Call:
        return Call("schedule", {"kind": "meeting", "slot_id": slot.get("slot_id"), "confirm": False})

    def _on_callback_when(self, words: str) -> Turn | None:
        if yes_or_no(words) is False and len(words.split()) < 4:
            return self._close("declined")
        if is_hello(words):
            return None
        return (Call("schedule", {"kind": "callback", "when": words, "confirm": False}),)

    def _on_callback_ok(self, words: str) -> Turn | None:
        agreed, asked = yes_or_no(words), self.memory.scheduled
        if agreed is None or asked is None:
            return None
        if not agreed:
            return self._say("callback.ask")
        slot = {"slot_id": asked.output["slot_id"]} if asked.output.get("slot_id") else {}
        return (Call("schedule", {**asked.arguments, **slot, "confirm": True}),)

    # --- asking again, going on, ending ------------------------------------------------------------------------------

    def _ask_again(self) -> Turn:
        """Never in the same words twice; after two tries without an answer it goes on, or gives the call up."""
        words, tries, key = self.memory.words, self.memory.tries, self._ask_key()
        if is_goodbye(words) and not is_hello(words):
            return self._close("declined")
        if words and (wants_repeat(words) or is_hello(words)):
            return self._say(*(self.memory.unheard or [key]))
        if self.memory.unheard:
            return self._say(*self.memory.unheard)
        if tries >= _PATIENCE:
            return self._give_up()
        if self.memory.silence:
            return self._say("stock.silence", key)
        return self._say("stock.unclear", key) if tries == 0 else self._plainer(key)

    def _plainer(self, key: str) -> Turn:
        part, _, name = key.partition(".")
        kind = (
            self.script.question(name)["type"]
            if part == "question"
            else "slot"
            if self.memory.awaiting == OFFER
            else "yes_no"
        )
        match kind:
            case "number":
                return self._say("stock.rough_number")
            case "choice":
                return (
                    Say(self.script.line("stock.which_of", choices=_listed(self.script.question(name)["choices"]))),
                )
            case "slot":
                return self._say("stock.which_slot")
            case _:
                return self._say("stock.yes_or_no", key)

    def _give_up(self) -> Turn:
        kind, _, name = self.memory.awaiting.partition(":")
        if self.memory.silence or kind in (CONSENT, CALLBACK_WHEN, CALLBACK_OK):
            return (*self._say("stock.give_up"), Call("end_call", {"reason": "unreachable"}))
        if kind == "question":
            self.memory.given_up.add(name)
            return self._next()
        return self._say("callback.ask")

    def _continuation(self) -> list[str]:
        """What to say after a digression: what was not heard, else the open question once more."""
        return self.memory.unheard or [self._ask_key()]

    def _ask_key(self) -> str:
        kind, _, name = self.memory.awaiting.partition(":")
        keys = {
            "question": f"question.{name}",
            OFFER: "meeting.offer",
            MEETING_OK: "meeting.read_back",
            CALLBACK_WHEN: "callback.ask",
            CALLBACK_OK: "callback.read_back",
        }
        return keys.get(kind, "greeting.ask")

    def _close(self, ending: str, before: str = "") -> Turn:
        line = f"{before} {self.script.line(f'closing.{ending}')}".strip()
        return Say(line), Call("end_call", {"reason": _END_REASONS.get(ending, "completed")})

    def _say(self, *keys: str) -> Turn:
        lines = [self.script.line(key, **self._values()) for key in keys]
        text = " ".join(line for line in lines if line)
        return (Say(text),) if text else ()

    def _values(self) -> dict[str, str]:
        offered = [*self._offered(), "", ""]
        slot = str(self.memory.scheduled.output.get("read_back", "")) if self.memory.scheduled else ""
        return {"slot_1": offered[0], "slot_2": offered[1], "slot": slot}


def _value_of(words: str, question: Mapping[str, Any]) -> str | int | None:
    match question["type"]:
        case "yes_no":
            agreed = yes_or_no(words)
            return None if agreed is None else "yes" if agreed else "no"
        case "number":
            return number_in(words)
        case "choice":
            return choice_in(words, question["choices"])
        case _:
            return words


def _listed(choices: list[str]) -> str:
    return f"{', '.join(choices[:-1])}, or {choices[-1]}"


def _is_urgent(memory: Memory) -> bool:
    return wish_of(memory.words) in (Wish.OPT_OUT, Wish.HUMAN)


def _only_known_tools(turn: Turn, tools: frozenset[str]) -> Turn:
    return tuple(step for step in turn if isinstance(step, Say) or step.name in tools)


def _in_text(scene: Scene) -> str:
    """An out-of-band wish, such as a summary: answered from the items by the deterministic summary."""
    lines = []
    for item in scene.items:
        if item.type == "message" and item.role in ("user", "assistant"):
            who = "Caller" if item.role == "user" else "Agent"
            lines.append(f"{who}: {item.heard_words()}")
    return answer(scene.order or scene.instructions, "\n".join(lines), None)
