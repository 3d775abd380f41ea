"""Ends or redirects the carrier leg when it should not go on as it is: a machine answered, the hours are over, a stop
came in, or it is a second call for one attempt. Ending twice is harmless: only the voicemail message is remembered.

A conversation that is going on hears the verdict too, and knows more: it may have met a person, or a screener that will
fetch one. So it decides; what is done here on a verdict is for calls that nobody holds, or whose holder is deaf.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlmodel import Session, select

from campaign import languages, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.records import Attempt, Call, CallEvent, Lead
from campaign.suppression import suppressed
from dialer import ask, brakes, documents, gate, handover
from dialer.advance import DOUBLE, first_time, lock
from dialer.carrier import Carrier
from dialer.outcomes import is_machine
from dialer.states import OVER, State

GOODBYE = timedelta(seconds=12)
"""How long after a stop the conversation may take to say goodbye and end by itself."""
HOLDER_FIRST = timedelta(seconds=12)
"""How long after a machine's verdict a conversation may act on it by itself."""
NOT_AFTER = timedelta(minutes=10)
"""A call that still waits in the carrier's queue then is taken back: it would ring at a time nobody chose (twilio.md 12)."""
WAITING = frozenset({State.QUEUED, State.INITIATED, State.RINGING})


LEFT = timedelta(seconds=30)
"""How long a line may stay up after its conversation: the farewell is heard out within ten (R69)."""
NEVER_BEGAN = timedelta(seconds=45)
"""How long somebody who answered may wait for a conversation: a media process is back within a quarter of a minute."""


class Redirects(Protocol):
    """What saying a message takes of the carrier."""

    def redirect(self, call_sid: str, twiml: str, time_limit: int | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Orders:
    """What to tell the carrier: calls to end, a call to cancel unless it was answered, a message to leave."""

    end: tuple[str, ...] = ()
    cancel: str | None = None
    leave: tuple[str, str] | None = None


def act(database: Database, carrier: Carrier, attempt_id: str, now: datetime) -> None:
    """Decide on the rows, let go of them, then tell the carrier."""
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        orders = Orders() if attempt is None else _orders(session, attempt, now)
    for call_sid in orders.end:
        carrier.end(call_sid)
    if orders.cancel:
        carrier.cancel(orders.cancel)
    if orders.leave:
        _leave(carrier, *orders.leave)


def _orders(session: Session, attempt: Attempt, now: datetime) -> Orders:
    doubles = select(CallEvent.word).where(CallEvent.attempt_id == attempt.id, CallEvent.kind == DOUBLE)
    strays = tuple(session.exec(doubles))
    state = State(attempt.state)
    if attempt.call_sid is None or state in OVER:
        return Orders(end=strays)
    campaign, _ = store.get(session, attempt.campaign)
    if state in WAITING:
        return Orders(end=strays, cancel=attempt.call_sid if _must_not_ring(session, attempt, campaign, now) else None)
    if _stopped_long_ago(session, attempt, now) or is_left(session, attempt, campaign, now):
        return Orders(end=(*strays, attempt.call_sid))
    if not is_machine(attempt.answered_by) or _held(session, attempt, now):
        return Orders(end=strays)
    if (attempt.answered_by or "").startswith("machine_end") and campaign.voicemail.action == "message":
        return Orders(end=strays, leave=_message(session, attempt, campaign, now))
    return Orders(end=(*strays, attempt.call_sid))


def leave_message(database: Database, carrier: Redirects, attempt_id: str, now: datetime) -> None:
    """Say the campaign's message to a machine and hang up; whoever asks first has it said, and nobody else. (R57, R61)"""
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        if attempt is None or attempt.call_sid is None or State(attempt.state) in OVER:
            return
        campaign, _ = store.get(session, attempt.campaign)
        message = _message(session, attempt, campaign, now)
    if message:
        _leave(carrier, *message)


def _message(session: Session, attempt: Attempt, campaign: Campaign, now: datetime) -> tuple[str, str] | None:
    """The call and what it is to hear, in the language of the lead's form where the campaign has words in it.

    None when the campaign has no message, or it was said before.
    """
    wanted = languages.declared(session.get_one(Lead, attempt.lead_id)) or ""
    own, call_sid = campaign.voicemail.messages.get(wanted), attempt.call_sid or ""
    words, language = (own, wanted) if own else (campaign.voicemail.message, campaign.language)
    if not words or not first_time(session, f"{call_sid}/message", attempt.id, "message", "left", now):
        return None
    return call_sid, documents.say(words, language)


def _stopped_long_ago(session: Session, attempt: Attempt, now: datetime) -> bool:
    """A stop that came during the call, and whoever holds the conversation has not ended it: dead, or never told."""
    stop = suppressed(session, attempt.to_number, attempt.campaign)
    return stop is not None and stop.at <= now - GOODBYE


def is_left(session: Session, attempt: Attempt, campaign: Campaign, now: datetime) -> bool:
    """Nobody of ours is on this line any more, or it has lasted longer than any call may: its media or its model died.

    A call that was put through to a colleague is theirs; the carrier's own time limit ends it.
    """
    if attempt.answered_at is None or handover.is_passed_on(session, attempt.id):
        return False
    lasted, call = now - attempt.answered_at, session.get(Call, attempt.id)
    if lasted >= timedelta(seconds=campaign.budget.max_call_seconds) + LEFT:
        return True
    if call is None:
        return attempt.token_used_at is None and lasted >= NEVER_BEGAN
    return call.ended_at is not None and call.ended_at <= now - LEFT


def _must_not_ring(session: Session, attempt: Attempt, campaign: Campaign, now: datetime) -> bool:
    """A queued call may come up late: out of hours, after a stop or a brake, it is taken back (R29, R30)."""
    if brakes.withdrawn(session, attempt, now):
        return True
    if attempt.state == State.QUEUED and attempt.intent_at <= now - NOT_AFTER:
        return True
    facts = ask.gather(session, session.get_one(Lead, attempt.lead_id), campaign, now)
    return gate.shut_now(facts, campaign, now)


def _held(session: Session, attempt: Attempt, now: datetime) -> bool:
    """A conversation is going on that has met a person or a screener, or is about to act by itself (R57)."""
    call = session.get(Call, attempt.id)
    if call is None or call.ended_at is not None:
        return False
    told = session.get(CallEvent, f"{attempt.call_sid}/amd")
    return call.reached in ("human", "screening") or (told is not None and told.received_at > now - HOLDER_FIRST)


def _leave(carrier: Redirects, call_sid: str, twiml: str) -> None:
    try:
        carrier.redirect(call_sid, twiml)
    except Permanent as error:
        if error.code != "call_over":
            raise
