"""How an attempt ended, in our words, and what follows: tables first, then one pure function over them.

Two stages, always: was a person reached, and only then what they wanted; so a voicemail can never be a refusal. Every
row names where it comes from: T = reference/twilio.md section 13.2, D = Twilio's documentation, H = the house's choice.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialer.errors import Remedy, refusal
from dialer.states import State


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


BUSY = Ending("nobody", "busy", Then.BUSY)
NO_ANSWER = Ending("nobody", "no_answer", Then.NO_ANSWER)
UNREACHABLE = Ending("failed", "unreachable_number", Then.FAILED)
TROUBLE = Ending("failed", "network_trouble", Then.TRANSIENT)
DECLINED = Ending("failed", "declined_by_network", Then.REST_CALLER)

LINE: dict[tuple[State, int | None], tuple[Ending, str]] = {
    (State.BUSY, None): (BUSY, "T: 486, 600 or no code"),
    (State.NO_ANSWER, None): (NO_ANSWER, "T: 487 ring timeout (D), 480, 408"),
    (State.CANCELED, None): (Ending("nobody", "canceled", Then.AGAIN), "T: ours; back to the queue, the gate decides"),
    (State.FAILED, None): (TROUBLE, "T: no code: our webhook or the carrier; transient, bounded (H)"),
    (State.FAILED, 404): (UNREACHABLE, "D: unreachable; T: soft-bad"),
    (State.FAILED, 484): (UNREACHABLE, "T: address incomplete, soft-bad"),
    (State.FAILED, 604): (UNREACHABLE, "T: does not exist anywhere, soft-bad"),
    (State.FAILED, 410): (Ending("failed", "number_gone", Then.INVALID), "T: gone"),
    (State.FAILED, 403): (DECLINED, "T: forbidden by the network"),
    (State.FAILED, 603): (DECLINED, "T: declined"),
    (State.FAILED, 607): (Ending("failed", "unwanted", Then.BLOCKED), "T: unwanted: a do-not-call signal"),
    (State.FAILED, 608): (Ending("failed", "rejected_by_analytics", Then.BLOCKED), "T: rejected: a do-not-call signal"),
    (State.FAILED, 480): (NO_ANSWER, "RFC 3261: temporarily unavailable (H)"),
    (State.FAILED, 486): (BUSY, "RFC 3261: busy here (H)"),
    (State.FAILED, 487): (NO_ANSWER, "D: not connected before Timeout"),
    (State.FAILED, 408): (TROUBLE, "T: transient"),
    (State.FAILED, 488): (TROUBLE, "T: transient"),
    (State.FAILED, 600): (BUSY, "RFC 3261: busy everywhere (H)"),
}
FAULTS: dict[int, tuple[Ending, str]] = {
    32016: (TROUBLE, "T: post-dial delay timeout"),
    32017: (DECLINED, "T: blocked by the carrier"),
    13224: (UNREACHABLE, "T 13.1: unsupported, invalid or a carrier outage"),
    13225: (Ending("failed", "blocked_by_carrier", Then.BLOCKED), "T 13.1: blocklist"),
    13223: (Ending("failed", "not_a_number", Then.INVALID), "T 13.1"),
    13226: (Ending("failed", "not_a_number", Then.INVALID), "T 13.1"),
    13227: (Ending("failed", "country_closed", Then.REVIEW), "T 13.1: geo permission"),
}

# AMD verdicts in Twilio's words for both modes (reference/twilio.md 5.1). `unknown` never hangs up (R58).
VERDICTS: dict[str, str] = {
    "human": "human",
    "machine_start": "voicemail",
    "machine_end_beep": "voicemail",
    "machine_end_silence": "voicemail",
    "machine_end_other": "voicemail",
    "fax": "machine",
    "unknown": "unknown",
}

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
    if line.error in FAULTS:
        return FAULTS[line.error][0]
    if line.state is State.FAILED and line.sip and 500 <= line.sip < 600:
        return TROUBLE
    return LINE.get((line.state, line.sip), LINE[line.state, None])[0]


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
