"""What came of a conversation, in two stages: was a person reached, and only then what they wanted. Pure.

The tool ledger is the truth; words only fill what no tool records (a refusal). What the agent claimed and no tool did is
flagged. (DESIGN section 5, truth 5)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qualify.phrases import is_screening, is_voicemail, plain
from qualify.playbook import Playbook
from qualify.talk import Talk
from qualify.tools.desk import Desk
from qualify.tools.save_answers import disqualifies

_DECLINE = re.compile(
    r"not interested|no thanks|no thank you|don't want|do not want|changed my mind|not for me|leave me alone"
)
_CLAIM_BOOKED = re.compile(
    r"\b(?:you're|you are|it's|it is|that's|i've|i have|all)\s+(?:\w+\s+)?(?:booked|scheduled)\b|\bmeeting is (?:booked|confirmed)"
)
_CLAIM_TRANSFER = re.compile(r"\bputting you through now\b|\btransferring you now\b")
REASONED = {
    "not_interested": "declined",
    "not_qualified": "not_qualified",
    "wrong_number": "declined",
    "callback": "needs_human",
}


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
    if talk.verdict.startswith("machine"):
        return "voicemail"
    if talk.verdict == "fax":
        return "machine"
    if talk.ending.reason == "voicemail":
        return "voicemail"
    words = [line.text for line in talk.transcript.lines if line.role == "caller" and line.text]
    if any(not (is_voicemail(text) or is_screening(text)) for text in words):
        return "human"
    if any(is_voicemail(text) for text in words):
        return "voicemail"
    if words:
        return "screening"
    if talk.caller_turns or talk.verdict == "human":
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
    if desk.transferred_to is not None or desk.nobody_free:
        return "needs_human"
    if any(disqualifies(q, desk.answers[q.id]) for q in desk.playbook.questions if q.id in desk.answers):
        return "not_qualified"
    if talk.ending.reason in REASONED:
        return REASONED[talk.ending.reason]
    if _last_word_declines(talk):
        return "declined"
    if talk.ending.reason == "completed":
        return "qualified" if _all_required(desk) else "needs_human"
    if any(flag["flag"] == "needs_callback" for flag in talk.flags) or talk.ending.reason == "limit":
        return "needs_human"
    return None


def _all_required(desk: Desk) -> bool:
    return all(question.id in desk.answers for question in desk.playbook.questions if question.required)


def _last_word_declines(talk: Talk) -> bool:
    last = talk.transcript.last("caller")
    return last is not None and bool(_DECLINE.search(plain(last.text)))


def _flags(talk: Talk, desk: Desk, reached: str) -> Iterator[dict[str, str]]:
    yield from talk.flags
    spoken = "\n".join(plain(line.heard) for line in talk.transcript.lines if line.role == "agent")
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
