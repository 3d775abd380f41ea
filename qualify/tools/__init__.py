"""The five tools: their schemas for the model, and one door that runs them and never raises."""

from datetime import datetime
from functools import cache
from typing import Any

import structlog

from campaign.errors import FirstringError
from qualify.tools import arguments as args
from qualify.tools import check_slots, end_call, save_answers, schedule, transfer_to_human
from qualify.tools.desk import Desk, Result, refusal

log = structlog.get_logger()
MODULES: dict[str, tuple[str, type[args.Arguments]]] = {
    check_slots.NAME: (check_slots.DESCRIPTION, check_slots.CheckSlots),
    save_answers.NAME: (save_answers.DESCRIPTION, save_answers.SaveAnswers),
    schedule.NAME: (schedule.DESCRIPTION, schedule.Schedule),
    transfer_to_human.NAME: (transfer_to_human.DESCRIPTION, transfer_to_human.TransferToHuman),
    end_call.NAME: (end_call.DESCRIPTION, end_call.EndCall),
}


@cache
def schemas() -> list[dict[str, Any]]:
    """The tools as `session.update` takes them; made once, since pydantic needs 8 ms for them."""
    return [
        {"type": "function", "name": name, "description": description, "parameters": args.schema(kind)}
        for name, (description, kind) in MODULES.items()
    ]


def run(name: str, arguments: str, desk: Desk, now: datetime, confirmed: frozenset[str] = frozenset()) -> Result:
    """Run one tool, blocking. Whatever goes wrong comes back as a refusal the model can act on. (realtime.md rules 48, 49)"""
    try:
        return _run(name, arguments, desk, now, confirmed)
    except FirstringError as error:
        return refusal(error.code, str(error) if error.code in ("bad_json", "bad_arguments") else TROUBLE)
    except Exception:  # a tool of ours that breaks must not break the call
        log.exception("tool broke", tool=name)
        return refusal("internal", TROUBLE)


TROUBLE = "That did not work. Apologise briefly, do not claim it was done, and offer a callback."


def _run(name: str, arguments: str, desk: Desk, now: datetime, confirmed: frozenset[str]) -> Result:
    match name:
        case check_slots.NAME:
            return check_slots.run(args.read(check_slots.CheckSlots, arguments), desk, now)
        case save_answers.NAME:
            return save_answers.run(args.read(save_answers.SaveAnswers, arguments), desk, now, confirmed)
        case schedule.NAME:
            return schedule.run(args.read(schedule.Schedule, arguments), desk, now, confirmed)
        case transfer_to_human.NAME:
            return transfer_to_human.run(args.read(transfer_to_human.TransferToHuman, arguments), desk, now)
        case _:
            return refusal("unknown_tool", f"There is no tool of that name. Tools: {', '.join(MODULES)}.")
