"""What was before a call that a lead places to us: the last talk, the meeting that stands, the callback that was promised.

Short lines for the model, cleaned like a form's: summaries were written from what people said.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.records import Attempt, Booking, Call, Lead
from qualify.facts import MESSAGE_LENGTH, clean
from qualify.spoken import say_time


def before(session: Session, lead: Lead, attempt: Attempt, zone: str, language: str, now: datetime) -> tuple[str, ...]:
    return tuple(clean(line, MESSAGE_LENGTH) for line in _lines(session, lead, attempt, zone, language, now))


def _lines(session: Session, lead: Lead, attempt: Attempt, zone: str, language: str, now: datetime) -> Iterator[str]:
    talks = select(Call).where(Call.lead_id == lead.id, Call.attempt_id != attempt.id, Call.reached == "human")
    talk = session.exec(talks.order_by(col(Call.started_at).desc()).limit(1)).first()
    if talk is not None and talk.started_at is not None:
        yield f"last talk: {say_time(talk.started_at, zone, language)}. {talk.summary}"
    else:
        ours = select(Attempt.intent_at).where(Attempt.lead_id == lead.id, Attempt.direction == "outbound")
        rang = session.exec(ours.order_by(col(Attempt.intent_at).desc()).limit(1)).first()
        yield f"missed call of ours: {say_time(rang, zone, language)}" if rang else "we have not reached them yet"
    stands = select(Booking).where(
        Booking.lead_id == lead.id, Booking.state == "confirmed", col(Booking.starts_at) > now
    )
    for booking in session.exec(stands.order_by(col(Booking.starts_at)).limit(1)):
        yield f"meeting booked: {say_time(booking.starts_at, zone, language)} with {booking.person}"
    if lead.callback_at is not None and lead.callback_at > now:
        yield f"callback promised: {say_time(lead.callback_at, zone, language)}"
