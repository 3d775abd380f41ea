"""What the stand-in does with a tool's answer. It acts on refusals, and says "booked" on one status alone."""

from dataclasses import dataclass

from sandbox.realtime.memory import Memory, Result
from sandbox.realtime.speaker import Speaker
from sandbox.realtime.turn import Call, Say, Turn

_RETRIES = 2


@dataclass
class ToolReader:
    speaker: Speaker
    memory: Memory

    def on_result(self, result: Result) -> Turn:
        match result.name:
            case "save_answers":
                return self._on_saved(result)
            case "check_slots":
                return (
                    self.speaker.offer()
                    if self.memory.slots and result.output.get("slots") and not result.error
                    else self._no_slots(result)
                )
            case "schedule":
                return self._on_scheduled(result)
            case "transfer_to_human" if result.error:
                return self.speaker.say("transfer.unavailable", "callback.ask")
            case _:
                return ()

    def _on_saved(self, result: Result) -> Turn:
        failed = result.output.get("disqualified")
        if failed:
            said = str(result.output.get("say") or "") or self.speaker.script.line(f"disqualify.{failed}")
            return self.speaker.close("not_qualified", before=said)
        if result.output.get("read_back"):
            return self.speaker.say("stock.spell_back")
        if result.error and self.memory.errors["save_answers"] < _RETRIES:
            return (Call("save_answers", result.arguments),)
        return self.speaker.next()

    def _no_slots(self, result: Result) -> Turn:
        broken = result.error and result.error != "no_slots"
        return self.speaker.say("stock.no_calendar" if broken else "stock.no_slots", "callback.ask")

    def _on_scheduled(self, result: Result) -> Turn:
        callback = result.arguments.get("kind") == "callback"
        heading = "callback" if callback else "meeting"
        read_back = str(result.output.get("read_back") or "")
        match result.output.get("status") or result.error:
            case "read_back" | "not_confirmed" if read_back:
                return (Say(self.speaker.script.line(f"{heading}.read_back", slot=read_back)),)
            case "booked":
                return self.speaker.close(
                    "booked", before=self.speaker.script.line("meeting.booked", slot=self._agreed(result))
                )
            case "callback_promised":
                return self.speaker.close(
                    "callback", before=self.speaker.script.line("callback.promised", slot=self._agreed(result))
                )
            case _:
                return self.speaker.say("callback.ask") if callback else self._after_refusal(result)

    def _agreed(self, result: Result) -> str:
        read_back = self.memory.scheduled.output.get("read_back") if self.memory.scheduled else None
        return str(read_back or result.output.get("say") or result.output.get("start") or "")

    def _after_refusal(self, result: Result) -> Turn:
        if self.memory.errors["schedule"] > _RETRIES:
            return self.speaker.say("callback.ask")
        if result.output.get("slots") and self.memory.slots:
            return self.speaker.offer(before=self.speaker.script.line("stock.slot_taken"))
        if result.error == "calendar_unavailable":
            return self.speaker.say("stock.no_calendar", "callback.ask")
        return (Say(self.speaker.script.line("stock.let_me_check"), "commentary"), Call("check_slots", {}))
