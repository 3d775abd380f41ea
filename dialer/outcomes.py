"""How an attempt ended, in our words, and what follows: one pure function over the rows of `data/outcomes.tsv`.

Two stages, always: was a person reached, and only then what they wanted; so a voicemail can never be a refusal.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialer import table
from dialer.errors import Remedy, refusal
from dialer.states import CARRIER, State


class Then(StrEnum):
    """What an ending leads to. The first seven are the retry policies of a campaign, by the same name."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    SCREENING = "screening"
    FAILED = "failed"
    TRANSIENT = "transient"
    DROPPED = "dropped"
    FINAL = "final"
    CALLBACK = "callback"
    AGAIN = "again"
    """Not the lead's doing and not counted: due again as soon as the brake or the trouble is gone."""
    NEXT_DAY = "next_day"
    INVALID = "invalid"
    BLOCKED = "blocked"
    REST_CALLER = "rest_caller"
    """Blocked or declined by the network: the caller ID rests, the lead is left alone for a week."""
    REVIEW = "review"


RETRIED = (Then.BUSY, Then.NO_ANSWER, Then.VOICEMAIL, Then.SCREENING, Then.FAILED, Then.TRANSIENT, Then.DROPPED)


@dataclass(frozen=True, slots=True)
class Ending:
    """`reached` is the first stage, `disposition` our word for the line, `wanted` the second stage."""

    reached: str
    disposition: str
    then: Then
    wanted: str | None = None


def _ending(row: table.Row) -> Ending:
    return Ending(row.reached, row.word, Then(row.action))


VERDICTS: dict[str, str] = {word: row.word for word, row in table.rows("verdict").items() if word != table.DEFAULT}
"""AMD verdicts in Twilio's words for both modes. `unknown` never hangs up (R58)."""
TROUBLE = Ending("failed", "network_trouble", Then(table.rows("status")["failed"].action))
_STATUS = {CARRIER[word]: row for word, row in table.rows("status").items()}

# What a call that was answered without a person talking leads to, by first stage.
ANSWERED: dict[str, Ending] = {
    "voicemail": Ending("voicemail", "voicemail", Then.VOICEMAIL),
    "screening": Ending("screening", "screening", Then.SCREENING),
    "machine": Ending("machine", "machine", Then.FAILED),
    "nobody": Ending("nobody", "silent", Then.NO_ANSWER),
    "failed": Ending("failed", "conversation_failed", Then.DROPPED),
}

# What our own POST being refused leads to; the codes themselves stand in `dialer/errors.py`.
REMEDIES: dict[Remedy, Then] = {
    Remedy.HALT_ACCOUNT: Then.AGAIN,
    Remedy.HALT_CAMPAIGN: Then.AGAIN,
    Remedy.DISABLE_CALLER: Then.AGAIN,
    Remedy.WAIT: Then.AGAIN,
    Remedy.INVALID_NUMBER: Then.INVALID,
    Remedy.BLOCK_NUMBER: Then.BLOCKED,
    Remedy.TRY_LATER: Then.FAILED,
    Remedy.HOLD_COUNTRY: Then.REVIEW,
    Remedy.REVIEW: Then.REVIEW,
}


@dataclass(frozen=True, slots=True)
class Line:
    """What the carrier said."""

    state: State
    sip: int | None = None
    error: int | None = None
    answered_by: str | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """What the conversation came to, as `qualify/` wrote it."""

    reached: str
    wanted: str | None
    ended_by: str | None


def is_machine(answered_by: str | None) -> bool:
    return VERDICTS.get(answered_by or "") in ("voicemail", "machine")


def conclude(line: Line, talk: Talk | None) -> Ending:
    """The ending of an attempt that is over, from the line and, when there was one, the conversation."""
    if line.state is State.UNKNOWN_NO_CALL:
        return Ending("failed", "unaccounted", Then.NEXT_DAY)
    if line.state is State.REFUSED:
        return Ending("failed", f"refused_{line.error or 'unsent'}", REMEDIES[refusal(line.error)])
    if talk is not None and (line.state is State.COMPLETED or talk.wanted is not None):
        return _talked(line, talk)
    if line.state is State.COMPLETED:
        return _answered_alone(line)
    return _unanswered(line)


def _unanswered(line: Line) -> Ending:
    """CallStatus decides; a failed call's error or SIP code says more. (twilio.md 13.2)"""
    if line.error is not None and (table.is_known("alert", line.error) or line.sip is None):
        return _ending(table.look_up("alert", line.error))
    if line.state is State.FAILED and line.sip is not None:
        return _ending(table.look_up("sip", _sip(line.sip)))
    return TROUBLE if line.state is State.FAILED else _ending(_STATUS[line.state])


def _sip(code: int) -> str:
    return "5xx" if 500 <= code < 600 else str(code)


def unmapped(line: Line) -> str | None:
    """What the carrier said that no row of the table knows, if anything: somebody should add one."""
    told = (
        ("create" if line.state is State.REFUSED else "alert", line.error),
        ("sip", _sip(line.sip) if line.sip and line.state is State.FAILED else None),
        ("verdict", line.answered_by),
    )
    return next(
        (f"{where} {code}" for where, code in told if code is not None and not table.is_known(where, code)), None
    )


def _talked(line: Line, talk: Talk) -> Ending:
    reached = talk.reached
    if reached == "unknown":
        reached = VERDICTS.get(line.answered_by or "unknown", "unknown")
    if reached in ("human", "unknown") and talk.wanted is not None:
        then = Then.CALLBACK if talk.wanted == "callback" else Then.FINAL
        return Ending("human", "answered", then, talk.wanted)
    if reached == "human":
        return _broken_off(talk)
    if reached == "unknown" and talk.ended_by == "system":
        return ANSWERED["failed"]  # the account died with our media process: whether somebody spoke, nobody knows (H)
    return ANSWERED.get(reached, ANSWERED["nobody"])


def _broken_off(talk: Talk) -> Ending:
    """A person was there and nothing came of it: they hung up and a colleague looks, or we broke and ring again (H)."""
    if talk.ended_by in ("caller", "agent"):
        return Ending("human", "broken_off", Then.REVIEW)
    return Ending("human", "dropped", Then.DROPPED)


def _answered_alone(line: Line) -> Ending:
    """Answered, and no media stream ever opened (R42): a machine, nothing at all, or our own fault."""
    verdict = VERDICTS.get(line.answered_by or "")
    if verdict in ("voicemail", "machine"):
        return ANSWERED[verdict]
    if line.duration_s == 0:
        return Ending("nobody", "answered_zero", Then.NO_ANSWER)
    return Ending("failed", "answered_no_bridge", Then.FAILED)
