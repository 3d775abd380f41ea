"""The stand-in's tongue: which lines it can say, ask again, offer and close with, given what it remembers.

Every spoken word is a line of the playbook or one of the few stock lines of `script.py`.
"""

from dataclasses import dataclass

from sandbox.realtime.memory import CALLBACK_OK, CALLBACK_WHEN, MEETING_OK, OFFER, SPELLED_OK, Memory
from sandbox.realtime.script import Script
from sandbox.realtime.turn import Call, Say, Turn

_OFFERS = 4
_END_REASONS = {
    "booked": "completed",
    "not_qualified": "not_qualified",
    "declined": "not_interested",
    "callback": "callback",
    "opted_out": "opted_out",
    "failed": "failed",
}


@dataclass
class Speaker:
    script: Script
    memory: Memory

    def say(self, *keys: str) -> Turn:
        lines = [self.script.line(key, **self._values()) for key in keys]
        text = " ".join(line for line in lines if line)
        return (Say(text),) if text else ()

    def close(self, ending: str, before: str = "") -> Turn:
        line = f"{before} {self.script.line(f'closing.{ending}')}".strip()
        return Say(line), Call("end_call", {"reason": _END_REASONS.get(ending, "completed")})

    def continuation(self) -> list[str]:
        """What to say after a digression: what was not heard, else the open question once more."""
        return self.memory.unheard or [self.ask_key()]

    def ask_key(self) -> str:
        kind, _, name = self.memory.awaiting.partition(":")
        keys = {
            "question": f"question.{name}",
            SPELLED_OK: "stock.spell_back",
            OFFER: "meeting.offer",
            MEETING_OK: "meeting.read_back",
            CALLBACK_WHEN: "callback.ask",
            CALLBACK_OK: "callback.read_back",
        }
        return keys.get(kind, "greeting.ask")

    def _values(self) -> dict[str, str]:
        offered = [*self.offered(), "", ""]
        slot = str(self.memory.scheduled.output.get("read_back", "")) if self.memory.scheduled else ""
        spelled = str(self.memory.spelled.output.get("read_back", "")) if self.memory.spelled else ""
        return {"slot_1": offered[0], "slot_2": offered[1], "slot": slot, "spelled": spelled}

    def offered(self) -> list[str]:
        return [str(slot.get("say", "")) for slot in self.memory.slots[:2]]

    def offer(self, before: str = "") -> Turn:
        if self.memory.offers >= _OFFERS:
            return self.say("callback.ask")
        if not self.memory.slots:
            return Say(self.script.line("stock.let_me_check"), "commentary"), Call("check_slots", {})
        says = [str(slot.get("say", "")) for slot in self.memory.slots]
        if len(says) == 1:
            return (Say(f"{before} {self.script.line('stock.one_slot', slot_1=says[0])}".strip()),)
        line = self.script.line("meeting.offer", slot_1=says[0], slot_2=says[1])
        return (Say(f"{before} {line}".strip()),)

    def next(self) -> Turn:
        """The next question still open, or the calendar. What the facts answer is not asked."""
        known = self.memory.answered | self.memory.given_up
        wanted = [each["id"] for each in self.script.questions if each["id"] not in known | set(self.script.facts)]
        if self.memory.open is not None:
            wanted = [each for each in wanted if each in self.memory.open]
        if not wanted:
            return (Say(self.script.line("recap"), "commentary"), Call("check_slots", {}))
        line = self.script.line(f"question.{wanted[0]}")
        thanks = self.script.habits["acknowledgements"]
        said = thanks[len(known) % len(thanks)] if known else ""
        return (Say(f"{said} {line}".strip()),)
