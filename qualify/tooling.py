"""Tools in the conversation: run beside it, answered exactly once, one reply for all answers of a response.

`end_call` is the session's own; the others run elsewhere and come back as events. (realtime.md rules 44-54)
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from qualify import closing, handover
from qualify import events as ev
from qualify.commands import AnswerTool, Command, RunTool, Tell
from qualify.phrases import MAX_HEARD, plain
from qualify.responses import Wish
from qualify.talk import Talk
from qualify.terms import MEANT, REASONS
from qualify.tool_ledger import PRIVATE, Use, public

TIMEOUT = {"error": "timeout", "message": "This took too long. Say so briefly, offer to try once more or to call back."}
TIMEOUTS = {
    "save_answers": {
        "error": "timeout",
        "message": "Not stored yet. Say nothing of it, go on, and store it again later.",
    },
    "schedule": {
        "error": "timeout",
        "message": "Whether this went through is not known yet: claim nothing. Say the calendar is slow and that you'll know in "
        "a moment; you will be told. If they can't wait, say that someone will confirm it to them.",
    },
    "transfer_to_human": {
        "error": "timeout",
        "message": "No colleague could be reached. Say so, and offer a callback.",
    },
}
ENDING = {"error": "call_ending", "message": "The call is ending. Say goodbye."}
ACTING = frozenset({"save_answers", "schedule", "transfer_to_human"})
"""Tools that change something: they wait until a person is likely on the phone. (twilio.md R58)"""


def asked(talk: Talk, event: ev.ToolAsked, now: float) -> Iterator[Command]:
    """A complete, new call: run it. Cut-off ones are ignored, their arguments may be half."""
    if not event.complete or event.response_id in talk.responses.discarded:
        return
    use = talk.tools.ask(event.call_id, event.name, event.arguments, event.response_id, now)
    if use is None:
        return
    talk.active_at = now
    if event.name == "end_call":
        yield from _end_call(talk, event, now)
    elif talk.ending.final:
        yield from answered(talk, ev.ToolAnswered(event.call_id, ENDING), now)
    elif event.name in ACTING and not talk.presence.personal:
        use.held = True
    else:
        yield from run(talk, use)


def run(talk: Talk, use: Use) -> Iterator[Command]:
    use.held = False
    yield Tell("tool", {"name": use.name})
    yield RunTool(use.call_id, use.name, use.arguments, talk.read_backs.confirmed(), talk.terms.language)


def _end_call(talk: Talk, event: ev.ToolAsked, now: float) -> Iterator[Command]:
    talk.tools.uses[event.call_id].silent = True
    yield from closing.end_call(talk, end_reason(event.arguments), now)
    yield from answered(talk, ev.ToolAnswered(event.call_id, {"status": "ending"}), now)


def end_reason(arguments: str) -> str:
    """Whatever the model gave as a reason, as one of ours."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        given = {}
    said = plain(str(given.get("reason", ""))[:MAX_HEARD].replace("_", " ")) if isinstance(given, dict) else ""
    exact = said.replace(" ", "_")
    if exact in REASONS:
        return exact
    return next((reason for pattern, reason in MEANT if re.search(pattern, said)), "completed")


def answered(talk: Talk, event: ev.ToolAnswered, now: float) -> Iterator[Command]:
    """A tool came back: answer the model once, and ask for a reply when it was the last of its response."""
    known = talk.tools.uses.get(event.call_id)
    use = talk.tools.answer(event.call_id, event.result, now)
    if use is None:
        if known is not None and known.result is TIMEOUTS.get(known.name, TIMEOUT):
            known.late, known.result = True, event.result
            yield from _late(talk, known.name, event.result, now)
        return
    talk.active_at = now
    if use.name != "end_call":
        talk.latency.tool(use.name, now - use.asked_at)
    _read_back(talk, event.result, now)
    if use.name == "save_answers":
        talk.keys_wanted = bool(event.result.get(PRIVATE + "keypad"))
    yield Tell(
        "tool_done", {"name": use.name, "status": str(event.result.get("status") or event.result.get("error") or "ok")}
    )
    if talk.ending.parting:
        return
    transferring = event.result.get(PRIVATE + "number")
    use.silent = use.silent or bool(transferring)
    if talk.recovery.up and use.response_id in talk.recent_responses:
        yield AnswerTool(talk.event_id("out"), use.call_id, public(event.result))
        yield from reply(talk, use.response_id)
    elif talk.recovery.up:
        yield from _late(talk, use.name, event.result, now)
    if transferring:
        yield from handover.begin(talk, str(event.result.get(PRIVATE + "person", "")), str(transferring), now)


def reply(talk: Talk, response_id: str) -> Iterator[Command]:
    """One response for all outputs of a response, wanted once that response is done."""
    calls = talk.tools.ready(response_id)
    if calls and response_id != talk.responses.active and not talk.ending.decided:
        talk.responses.want(Wish(covers=calls))
    yield from ()


def _late(talk: Talk, name: str, result: dict[str, Any], now: float) -> Iterator[Command]:
    """Its output slot is used up or gone: the model learns of it as a note. (rule 50)"""
    _read_back(talk, result, now)
    if talk.recovery.up and not talk.ending.decided:
        yield from talk.steer(f"The earlier {name} has now answered: {json.dumps(public(result))}", must=False)


def _read_back(talk: Talk, result: dict[str, Any], now: float) -> None:
    phrase, key = result.get("read_back"), result.get(PRIVATE + "key")
    if isinstance(phrase, str) and isinstance(key, str):
        talk.read_backs.expect(key, phrase, now, anew=result.get("status") == "read_back")


def overdue(talk: Talk, now: float) -> Iterator[Command]:
    for use in talk.tools.running():
        if not use.held and now >= use.asked_at + talk.terms.deadline_of(use.name):
            talk.flag("tool_timeout", use.name)
            yield from answered(talk, ev.ToolAnswered(use.call_id, TIMEOUTS.get(use.name, TIMEOUT)), now)
