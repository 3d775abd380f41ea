"""What came of a conversation, in two stages: was a person reached, and only then what they wanted. Pure.

The tool ledger is the truth; words only fill what no tool records (a refusal). What the agent claimed and no tool did is
flagged. (DESIGN section 5, truth 5)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qualify.comeback import BEFORE
from qualify.phrases import folded, plain
from qualify.playbook import Playbook
from qualify.presence import Who
from qualify.recorded import Kind, kind_of
from qualify.talk import Talk
from qualify.tools.answers import disqualifies
from qualify.tools.desk import Desk

_DECLINE = re.compile(
    r"not interested|no thanks|no thank you|don't want|do not want|changed my mind|not for me|leave me alone"
    r"|\bno (?:me|nos) interesa|\bno est(?:oy|amos) (?:muy )?interesad|\bno (?:muchas )?gracias\b"
    r"|\bno quiero (?:nada|saber|comprar)|\bya no (?:lo )?(?:quiero|necesito)\b|\bcambie de (?:opinion|idea)|\bno es para mi\b"
    r"|\bdeje(?:me|nme)? en paz|\bno lo necesito"
)
_CLAIM_BOOKED = re.compile(
    r"\b(?:you're|you are|it's|it is|that's|i've|i have|all)\s+(?:\w+\s+)?(?:booked|scheduled)\b|\bmeeting is (?:booked|confirmed)"
    r"|(?<!no )\b(?:queda|quedó|está|ha quedado|le he|la he|he)\s+(?:\w+\s+)?(?:reservad|agendad|programad|confirmad)[oa]\b"
    r"|(?<!no )\b(?:le|ya)\s+(?:la\s+|lo\s+)?(?:reservé|agendé|programé)\b"
)
_CLAIM_TRANSFER = re.compile(
    r"\bputting you through now\b|\btransferring you now\b|\b(?:le|lo|la) estoy (?:comunicando|transfiriendo|pasando)\b"
)
REACHED = {
    Who.HUMAN: "human",
    Who.VOICEMAIL: "voicemail",
    Who.MACHINE: "voicemail",
    Who.TALKER: "voicemail",
    Who.SCREENER: "screening",
    Who.MENU: "machine",
    Who.FAX: "machine",
    Who.NOBODY: "nobody",
}
RECORDED: dict[Kind | None, str] = {
    Kind.HOLD: "screening",
    Kind.SCREENER: "screening",
    Kind.MENU: "machine",
    Kind.VOICEMAIL: "voicemail",
}
"""What a call came to in which only recordings were heard; the last of them that was heard counts."""
REASONED = {
    "not_interested": "declined",
    "not_qualified": "not_qualified",
    "wrong_number": "declined",
    "callback": "needs_human",
}


OWED = ("needs_callback", "language_unavailable")
"""Flags of a call that could not be held as it should: a person owes them one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wanted` is None when nobody was reached, or when a person was and nothing came of it."""

    reached: str
    wanted: str | None
    flags: tuple[dict[str, str], ...]


def settle(talk: Talk, desk: Desk) -> Outcome:
    reached = _reached(talk)
    wanted = _wanted(talk, desk) if reached == "human" or talk.opted_out or desk.booking is not None else None
    if wanted is not None:
        reached = "human"
    return Outcome(reached, wanted, tuple(_flags(talk, desk, reached)))


def _reached(talk: Talk) -> str:
    who = talk.presence.who
    if who is Who.TAKEN:
        return "human" if talk.greeting.heard_ms is not None else "screening"
    if who in REACHED:
        return REACHED[who]
    if talk.ending.reason == "voicemail":
        return "voicemail"
    kinds = [kind_of(line.text) for line in talk.transcript.lines if line.role == "caller" and line.text]
    if None in kinds:
        return "human"
    if kinds:
        return RECORDED[max(kinds, key=list(RECORDED).index)]
    if talk.caller_turns or talk.presence.verdict == "human":
        return "human"
    return "nobody" if talk.recovery.was_up else "failed"


def _wanted(talk: Talk, desk: Desk) -> str | None:
    """The strongest thing the ledger shows, then the reason the call ended, then the person's own words."""
    if talk.opted_out:
        return "opted_out"
    if desk.booking is not None:
        return "booked"
    if desk.callback_at is not None:
        return "callback"
    if desk.transferred_to is not None or desk.nobody_free or talk.ending.reason == "transferred":
        return "needs_human"
    if any(disqualifies(q, desk.answers[q.id]) for q in desk.playbook.questions if q.id in desk.answers):
        return "not_qualified"
    if talk.ending.reason in REASONED:
        return REASONED[talk.ending.reason]
    if _last_word_declines(talk):
        return "declined"
    if talk.ending.reason == "completed":
        return "qualified" if _all_required(desk) else "needs_human"
    if any(flag["flag"] in OWED for flag in talk.flags) or talk.ending.reason == "limit":
        return "needs_human"
    return None


def _all_required(desk: Desk) -> bool:
    return all(question.id in desk.answers for question in desk.playbook.questions if question.required)


def _last_word_declines(talk: Talk) -> bool:
    last = talk.transcript.last("caller")
    return last is not None and bool(_DECLINE.search(folded(last.text)))


def _flags(talk: Talk, desk: Desk, reached: str) -> Iterator[dict[str, str]]:
    yield from talk.flags
    if desk.nobody_free and not any(flag["flag"] == "needs_callback" for flag in talk.flags):
        yield {"flag": "needs_callback", "detail": "nobody was free"}
    own = [line for line in talk.transcript.lines if not line.item_id.startswith(BEFORE)]
    spoken = "\n".join(plain(line.heard) for line in own if line.role == "agent")
    if _CLAIM_BOOKED.search(spoken) and desk.booking is None:
        yield {"flag": "claim_without_tool", "detail": "booked"}
    if _CLAIM_TRANSFER.search(spoken) and desk.transferred_to is None:
        yield {"flag": "claim_without_tool", "detail": "transfer"}
    for phrase in forbidden(spoken, desk.playbook):
        yield {"flag": "forbidden_claim", "detail": phrase}
    if reached == "human" and talk.greeting.heard_ms is None:
        yield {"flag": "disclosure_not_heard", "detail": ""}


def forbidden(spoken: str, playbook: Playbook) -> list[str]:
    return [phrase for phrase in playbook.forbidden if plain(phrase) in spoken]
