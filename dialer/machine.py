"""Ends or redirects the carrier leg when it should not go on as it is: a machine answered, the hours are over, a stop
came in, or it is a second call for one attempt. Ending twice is harmless: only the voicemail message is remembered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from campaign import store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.phone import Phone, parse
from campaign.records import Attempt, Call, CallEvent, Lead
from campaign.suppression import suppressed
from dialer import brakes, documents, hours
from dialer.advance import DOUBLE, first_time, lock
from dialer.carrier import Carrier
from dialer.outcomes import is_machine
from dialer.places import locate
from dialer.states import OVER, State

GOODBYE = timedelta(seconds=12)
"""How long after a stop the conversation may take to say goodbye and end by itself."""
WAITING = frozenset({State.QUEUED, State.INITIATED, State.RINGING})


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
    if _stopped_long_ago(session, attempt, now):
        return Orders(end=(*strays, attempt.call_sid))
    if not is_machine(attempt.answered_by) or _person_met(session, attempt):
        return Orders(end=strays)
    wish = campaign.voicemail
    if wish.action == "message" and wish.message and (attempt.answered_by or "").startswith("machine_end"):
        once = first_time(session, f"{attempt.call_sid}/message", attempt.id, "message", "left", now)
        message = (attempt.call_sid, documents.say(wish.message, campaign.language))
        return Orders(end=strays, leave=message if once else None)
    return Orders(end=(*strays, attempt.call_sid))


def _stopped_long_ago(session: Session, attempt: Attempt, now: datetime) -> bool:
    """A stop that came during the call, and whoever holds the conversation has not ended it: dead, or never told."""
    stop = suppressed(session, attempt.to_number, attempt.campaign)
    return stop is not None and stop.at <= now - GOODBYE


def _must_not_ring(session: Session, attempt: Attempt, campaign: Campaign, now: datetime) -> bool:
    """A queued call may come up late: out of hours, after a stop or a brake, it is taken back (R29, R30)."""
    if suppressed(session, attempt.to_number, attempt.campaign) or brakes.stops(session, attempt, now):
        return True
    number = parse(attempt.to_number, None, frozenset())
    if not isinstance(number, Phone):
        return True
    lead = session.get_one(Lead, attempt.lead_id)
    layers = [hours.FLOOR] if lead.callback_at else [hours.FLOOR, campaign.hours]
    open_at = hours.next_open(layers, locate(number, lead.timezone).zones, now - hours.GUARD)
    return open_at is None or open_at > now


def _person_met(session: Session, attempt: Attempt) -> bool:
    """Whoever holds the conversation has been talking with a person: a verdict that late is wrong (R57)."""
    call = session.get(Call, attempt.id)
    return call is not None and call.reached == "human"


def _leave(carrier: Carrier, call_sid: str, twiml: str) -> None:
    try:
        carrier.redirect(call_sid, twiml)
    except Permanent as error:
        if error.code != "call_over":
            raise
