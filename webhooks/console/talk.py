"""One conversation as it is read: what was said and what the agent did, in the order of time. Pure.

A turn knows whether it was interrupted; a tool use becomes one sentence, with its details for whoever wants them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhooks.api.shapes import CallView, ToolView, TurnView
from webhooks.words import plain, said


@dataclass(frozen=True, slots=True)
class Deed:
    """A tool use among the turns."""

    tool: ToolView
    what: str
    ok: bool


def lines(call: CallView) -> list[TurnView | Deed]:
    """Turns and tools by when they began; at the same instant the tool comes first, as its answer is then spoken."""
    told: list[TurnView | Deed] = [_deed(tool) for tool in call.tools]
    told += call.turns
    return sorted(told, key=lambda one: one.tool.started_ms if isinstance(one, Deed) else one.started_ms)


def _deed(tool: ToolView) -> Deed:
    error = tool.result.get("error")
    if error:
        return Deed(tool, f"{_attempted(tool.name)}, but: {plain(str(error))}", False)
    return Deed(tool, _done(tool.name, tool.arguments, tool.result), True)


def _attempted(name: str) -> str:
    return {
        "check_slots": "Looked for free times",
        "save_answers": "Tried to save answers",
        "schedule": "Tried to schedule",
        "transfer_to_human": "Tried to put the caller through",
        "end_call": "Tried to end the call",
    }.get(name, f"Used {name}")


def _done(name: str, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    status = str(result.get("status", ""))
    match name, status:
        case "save_answers", _:
            return "Saved " + (_answers(arguments) or "nothing new")
        case "check_slots", _:
            times = [str(slot.get("say", "")) for slot in result.get("slots", ()) if isinstance(slot, Mapping)]
            return "Looked in the calendars: " + ("; ".join(times) if times else "nothing free")
        case "schedule", "read_back":
            return f"Asked for a yes to {result.get('read_back', 'the time')}; nothing is booked yet"
        case "schedule", "booked":
            return "Booked, and read back from the calendar"
        case "schedule", _:
            return f"Scheduled: {plain(status)}" if status else "Scheduled"
        case "transfer_to_human", _:
            return "Put the caller through to a person" + (f": {plain(status)}" if status else "")
        case "end_call", _:
            return f"Ended the call: {plain(str(arguments.get('reason') or status or 'done'))}"
        case _:
            return f"Used {name}" + (f": {plain(status)}" if status else "")


def _answers(arguments: Mapping[str, Any]) -> str:
    given = arguments.get("answers")
    if not isinstance(given, list):
        return ""
    pairs = [one for one in given if isinstance(one, Mapping)]
    return "; ".join(f"{plain(str(one.get('question_id', '')))}: {said(one.get('value'))}" for one in pairs)
