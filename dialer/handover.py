"""A transfer on the carrier's side: whom to ring next, and what becomes of the caller when nobody takes the call.

One person of the roster after the other, a few at most; then the agent takes the call back; where that was tried before,
an apology. Whoever asked for a person and got none is owed a call back. All of it stands in the attempt's events, so a
message that comes twice is answered as it was the first time. (twilio.md R86-R89)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from campaign import roster
from campaign.file import Campaign, Person
from campaign.records import Attempt, Call, CallEvent
from campaign.suppression import suppressed
from dialer import transfer_documents
from dialer.advance import first_time

TRANSFER, TAKE_OVER, DONE, RETURN, PROMISE = "transfer", "take_over", "dial_done", "return", "promise"
BRIDGED = "bridged"
MOST_RUNG = 3
MOST_RETURNS = 2
SLACK = 60
LONGEST = 14_400
"""Four hours, Twilio's own ceiling."""
OWED_WITHIN = timedelta(hours=1)
"""How soon a promised call back is due once somebody is at work."""


@dataclass(frozen=True, slots=True)
class Ring:
    person: Person


@dataclass(frozen=True, slots=True)
class Return:
    """The agent goes on with the call."""


@dataclass(frozen=True, slots=True)
class Apologise:
    pass


@dataclass(frozen=True, slots=True)
class End:
    """They have talked, or nobody is there to be told anything."""


Step = Ring | Return | Apologise | End


def begin(session: Session, attempt: Attempt, person: str, now: datetime, *, ordered: bool = False) -> None:
    """Remember who is rung, before they are."""
    kind, number = TAKE_OVER if ordered else TRANSFER, len(_rung(session, attempt)) + 1
    first_time(session, f"{attempt.call_sid}/rung/{number}", attempt.id, kind, person, now, sequence=number)


def brief(session: Session, attempt_id: str, words: str) -> None:
    """What the colleagues will hear."""
    call = session.get(Call, attempt_id)
    if call is not None:
        call.brief = words
        session.add(call)


def time_limit(attempt: Attempt, now: datetime) -> int:
    """What the whole call may last from now on, in seconds from its beginning: every ring and a talk (R84)."""
    lasted = now - (attempt.answered_at or attempt.intent_at)
    more = MOST_RUNG * transfer_documents.RING_SECONDS + transfer_documents.TALK_SECONDS + SLACK
    return min(LONGEST, max(0, int(lasted.total_seconds())) + more)


def after(session: Session, attempt: Attempt, params: Mapping[str, str], campaign: Campaign, now: datetime) -> Step:
    """A colleague's leg is over. `completed` only means answered; `DialBridged` says whether they spoke (R87)."""
    bridged = params.get("DialBridged", "").lower() == "true"
    word = BRIDGED if bridged else params.get("DialCallStatus", "")
    rung = _rung(session, attempt)
    leg = params.get("DialCallSid") or str(len(rung))
    new = first_time(session, f"{params['CallSid']}/dial-done/{leg}", attempt.id, DONE, word, now)
    if bridged:
        return End()
    if suppressed(session, attempt.to_number, attempt.campaign):
        return End()
    if params.get("CallStatus", "in-progress") != "in-progress":
        _promise(session, attempt, rung, now)
        return End()
    if new:
        return _next(session, attempt, campaign, rung, now)
    return _again(session, attempt, campaign, rung)


def is_passed_on(session: Session, attempt_id: str) -> bool:
    """Whether a colleague was ever rung for this call."""
    kinds = col(CallEvent.kind).in_((TRANSFER, TAKE_OVER))
    return session.exec(select(CallEvent).where(CallEvent.attempt_id == attempt_id, kinds)).first() is not None


def returning(session: Session, attempt: Attempt) -> bool:
    """Whether the call was given back to the agent and no media process has it yet."""
    return attempt.token_used_at is None and bool(_words(session, attempt.id, RETURN))


def bridged(session: Session, attempt_id: str) -> bool:
    """Whether the caller has talked with a colleague."""
    return BRIDGED in _words(session, attempt_id, DONE)


def owed_at(session: Session, attempt_id: str, call: Call | None, campaign: Campaign, now: datetime) -> datetime | None:
    """By when somebody must call back, if that was promised; None when it was not."""
    flagged = call is not None and any(flag.get("flag") == "needs_callback" for flag in call.flags)
    if not flagged and not _words(session, attempt_id, PROMISE):
        return None
    return (roster.next_duty(campaign, now) or now) + OWED_WITHIN


def _next(session: Session, attempt: Attempt, campaign: Campaign, rung: list[CallEvent], now: datetime) -> Step:
    if rung and rung[-1].kind == TRANSFER:
        tried = {event.word for event in rung}
        free = [person for person in roster.on_duty(campaign, now) if person.name not in tried]
        if free and len(tried) < MOST_RUNG:
            begin(session, attempt, free[0].name, now)
            return Ring(free[0])
    _promise(session, attempt, rung, now)
    returns = _words(session, attempt.id, RETURN)
    if len(returns) >= MOST_RETURNS:
        return Apologise()
    first_time(session, f"{attempt.call_sid}/return/{len(returns)}", attempt.id, RETURN, "nobody", now)
    return Return()


def _again(session: Session, attempt: Attempt, campaign: Campaign, rung: list[CallEvent]) -> Step:
    """The message came before: whoever was to be rung then is still to be rung; a conversation is begun once."""
    if rung and len(rung) > len(_words(session, attempt.id, DONE)):
        person = roster.find(campaign, rung[-1].word)
        if person is not None:
            return Ring(person)
    return Return() if returning(session, attempt) else Apologise()


def _promise(session: Session, attempt: Attempt, rung: list[CallEvent], now: datetime) -> None:
    """Owed to whoever asked for a person; nobody is owed anything for a supervisor's order that failed."""
    if not rung or rung[-1].kind == TRANSFER:
        first_time(session, f"{attempt.call_sid}/promise", attempt.id, PROMISE, "nobody_took_it", now)


def _rung(session: Session, attempt: Attempt) -> list[CallEvent]:
    kinds = col(CallEvent.kind).in_((TRANSFER, TAKE_OVER))
    query = select(CallEvent).where(CallEvent.attempt_id == attempt.id, kinds).order_by(col(CallEvent.sequence))
    return list(session.exec(query))


def _words(session: Session, attempt_id: str, kind: str) -> list[str]:
    query = select(CallEvent.word).where(CallEvent.attempt_id == attempt_id, CallEvent.kind == kind)
    return list(session.exec(query))
