"""Where a conversation stands, read from the tool ledger alone: what was saved, what is open, offered, read back, promised.

Goals, summaries and what a rebuilt session is told are all made of this, so that they cannot disagree.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from qualify.tool_ledger import Use

DONE = frozenset({"booked", "callback_promised"})


@dataclass(slots=True)
class Standing:
    answers: dict[str, str] = field(default_factory=dict)
    """As the model gave them and the tool took them."""
    open: tuple[str, ...] | None = None
    """Questions still open, as the tool said last; None before it was ever asked."""
    disqualified: str = ""
    slots: tuple[dict[str, Any], ...] = ()
    read_back: Use | None = None
    """A read-back that nobody has confirmed yet."""
    promised: Use | None = None
    """A meeting booked or a callback promised."""
    nobody_free: bool = False

    @property
    def begun(self) -> bool:
        """The person went along with the questions, or with an appointment."""
        return bool(self.answers or self.slots or self.read_back or self.promised)


def standing(uses: Iterable[Use]) -> Standing:
    found = Standing()
    for use in uses:
        if not use.result:
            continue
        match use.name:
            case "save_answers":
                _saved(found, use)
            case "check_slots":
                found.slots = _slots(use)
            case "schedule":
                _scheduled(found, use)
            case "transfer_to_human":
                found.nobody_free = bool(use.result.get("error"))
    return found


def _saved(found: Standing, use: Use) -> None:
    result = use.result
    saved = result.get("saved") or ()
    given = _given(use.arguments)
    found.answers |= {str(name): given.get(str(name), "") for name in saved}
    if isinstance(result.get("open"), list):
        found.open = tuple(map(str, result["open"]))
    if "disqualified" in result:
        found.disqualified = str(result["disqualified"] or "")


def _scheduled(found: Standing, use: Use) -> None:
    status = use.result.get("status") or use.result.get("error")
    found.slots = _slots(use) or found.slots
    found.read_back = use if status in ("read_back", "not_confirmed") else None
    if status in DONE:
        found.promised = use


def _slots(use: Use) -> tuple[dict[str, Any], ...]:
    slots = use.result.get("slots")
    return tuple(slot for slot in slots if isinstance(slot, dict)) if isinstance(slots, list) else ()


def _given(arguments: str) -> dict[str, str]:
    """What the model wrote as answers, in whichever of its shapes."""
    try:
        answers = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    answers = answers.get("answers", answers) if isinstance(answers, dict) else {}
    if isinstance(answers, dict):
        answers = [{"question_id": name, "value": value} for name, value in answers.items()]
    pairs = [one for one in answers if isinstance(one, dict)] if isinstance(answers, list) else []
    return {str(one.get("question_id", "")): _plain(one.get("value")) for one in pairs}


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else str(value or "")[:200]
