"""What the stand-in does with the caller's words: an objection, an answer to its question, or nothing it understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.realtime.memory import CALLBACK_OK, CALLBACK_WHEN, CONSENT, MEETING_OK, OFFER, SPELLED_OK, Memory
from sandbox.realtime.speaker import Speaker
from sandbox.realtime.turn import Call, Say, Turn
from sandbox.realtime.understanding import (
    address_in,
    choice_in,
    half_day_in,
    has,
    is_goodbye,
    is_hello,
    number_in,
    slot_in,
    wants_other_times,
    wants_repeat,
    yes_or_no,
)

_PATIENCE = 2  # times an answer is asked for again


@dataclass
class Listener:
    speaker: Speaker
    memory: Memory
    quirk: float

    def on_caller(self) -> Turn:
        objection = self.objection()
        if objection == "busy":
            return self.speaker.say("objection.busy")
        if objection:
            return self.speaker.say(f"objection.{objection}", *self.speaker.continuation())
        if any(key.startswith("greeting.") for key in self.memory.unheard) and self.memory.awaiting == CONSENT:
            return self.speaker.say(*self.memory.unheard)
        understood = self._on_answer()
        return understood if understood is not None else self._ask_again()

    def objection(self) -> str | None:
        return self.speaker.script.objection_to(lambda phrases: has(self.memory.words, phrases))

    def _on_answer(self) -> Turn | None:
        """None when the words do not answer what was asked."""
        words, kind = self.memory.words, self.memory.awaiting.partition(":")[0]
        answers: Mapping[str, Callable[[str], Turn | None]] = {
            CONSENT: self._on_consent,
            "question": self._on_question,
            SPELLED_OK: self._on_spelled_ok,
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
            return self.speaker.next()
        return self.speaker.close("declined") if "thank" in words.lower() else self.speaker.say(self._busy_key())

    def _busy_key(self) -> str:
        return "objection.busy" if "objection.busy" in self.speaker.script.lines else "callback.ask"

    def _on_question(self, words: str) -> Turn | None:
        question = self.speaker.script.question(self.memory.awaiting.partition(":")[2])
        value = _value_of(words, question)
        if value is None:
            return None
        call = Call("save_answers", {"answers": [{"question_id": question["id"], "value": value}]})
        if self.quirk < 0.2:
            return (Say(self.speaker.script.habits["preambles"][int(self.quirk * 15)], "commentary"), call)
        return (call,)

    def _on_spelled_ok(self, words: str) -> Turn | None:
        """A correction says the whole value again; a mere no has it asked for once more."""
        read_back = self.memory.spelled
        if read_back is None:
            return self.speaker.next()
        question_id, corrected = str(read_back.output.get("question_id")), address_in(words)
        if corrected:
            return (Call("save_answers", {"answers": [{"question_id": question_id, "value": corrected}]}),)
        agreed = yes_or_no(words)
        if agreed is None:
            return None
        return (Call("save_answers", read_back.arguments),) if agreed else self.speaker.say(f"question.{question_id}")

    def _on_choice_of_slot(self, words: str) -> Turn | None:
        place = None if wants_other_times(words) else slot_in(words, self.speaker.offered())
        if place is not None:
            return (self._schedule(self.memory.slots[place]),)
        half = half_day_in(words)
        if not wants_other_times(words) and not half and yes_or_no(words) is not False:
            return None
        look = Call("check_slots", {"prefer": half} if half else {})
        return (Say(self.speaker.script.line("stock.let_me_check"), "commentary"), look)

    def _on_meeting_ok(self, words: str) -> Turn | None:
        """Another offered time named at the read-back is a new choice, not a yes."""
        read_back = self.memory.scheduled
        if read_back is None:
            return self.speaker.offer() if self.memory.slots else None
        agreed_id = read_back.output.get("slot_id") or read_back.arguments.get("slot_id")
        place = slot_in(words, self.speaker.offered())
        if place is not None and self.memory.slots[place].get("slot_id") != agreed_id:
            return (self._schedule(self.memory.slots[place]),)
        agreed = yes_or_no(words)
        if agreed:
            return (Call("schedule", {"kind": "meeting", "slot_id": agreed_id, "confirm": True}),)
        return None if agreed is None else self.speaker.offer()

    def _schedule(self, slot: Mapping[str, Any]) -> Call:
        return Call("schedule", {"kind": "meeting", "slot_id": slot.get("slot_id"), "confirm": False})

    def _on_callback_when(self, words: str) -> Turn | None:
        if yes_or_no(words) is False and len(words.split()) < 4:
            return self.speaker.close("declined")
        if is_hello(words):
            return None
        return (Call("schedule", {"kind": "callback", "when": words, "confirm": False}),)

    def _on_callback_ok(self, words: str) -> Turn | None:
        agreed, asked = yes_or_no(words), self.memory.scheduled
        if agreed is None or asked is None:
            return None
        if not agreed:
            return self.speaker.say("callback.ask")
        slot = {"slot_id": asked.output["slot_id"]} if asked.output.get("slot_id") else {}
        return (Call("schedule", {**asked.arguments, **slot, "confirm": True}),)

    def _ask_again(self) -> Turn:
        """Never in the same words twice; after two tries without an answer it goes on, or gives the call up."""
        words, tries, key = self.memory.words, self.memory.tries, self.speaker.ask_key()
        if is_goodbye(words) and not is_hello(words):
            return self.speaker.close("declined")
        if words and (wants_repeat(words) or is_hello(words)):
            return self.speaker.say(*(self.memory.unheard or [key]))
        if self.memory.unheard:
            return self.speaker.say(*self.memory.unheard)
        if tries >= _PATIENCE:
            return self._give_up()
        if self.memory.silence:
            return self.speaker.say("stock.silence", key) if tries == 0 else self.speaker.say("stock.silence")
        return self.speaker.say("stock.unclear", key) if tries == 0 else self._plainer(key)

    def _plainer(self, key: str) -> Turn:
        part, _, name = key.partition(".")
        kind = (
            self.speaker.script.question(name)["type"]
            if part == "question"
            else "slot"
            if self.memory.awaiting == OFFER
            else "yes_no"
        )
        match kind:
            case "number":
                return self.speaker.say("stock.rough_number")
            case "choice":
                script = self.speaker.script
                choices = _listed(script.question(name)["choices"], script.habits["or"])
                return (Say(script.line("stock.which_of", choices=choices)),)
            case "slot":
                return self.speaker.say("stock.which_slot")
            case _:
                return self.speaker.say("stock.yes_or_no", key)

    def _give_up(self) -> Turn:
        kind, _, name = self.memory.awaiting.partition(":")
        if self.memory.silence or kind in (CONSENT, CALLBACK_WHEN, CALLBACK_OK):
            return (*self.speaker.say("stock.give_up"), Call("end_call", {"reason": "unreachable"}))
        if kind in ("question", SPELLED_OK):
            self.memory.given_up.add(name or str(self.memory.spelled and self.memory.spelled.output.get("question_id")))
            return self.speaker.next()
        return self.speaker.say("callback.ask")


def _value_of(words: str, question: Mapping[str, Any]) -> str | int | None:
    match question["type"]:
        case "yes_no":
            agreed = yes_or_no(words)
            return None if agreed is None else "yes" if agreed else "no"
        case "number":
            return number_in(words)
        case "choice":
            return choice_in(words, question["choices"])
        case "email":
            return address_in(words)
        case _:
            return words


def _listed(choices: list[str], last: str) -> str:
    return f"{', '.join(choices[:-1])}, {last} {choices[-1]}"
