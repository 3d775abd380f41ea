"""Who has a slot: our database decides, five minutes a row, and the primary key says no to the second.

A hold lasts while the calendar is being asked; a confirmed booking keeps its cells. Call inside a write transaction.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from calendar_sync.errors import SlotTaken
from calendar_sync.event import event_id
from calendar_sync.slots import Slot
from calendar_sync.spans import Span
from campaign import ids, once
from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import Booking, CalendarCell, CalendarMirror
from campaign.records.booking import CELL_MINUTES

HOLD = timedelta(minutes=2)
CELL = timedelta(minutes=CELL_MINUTES)
TAKEN = ("held", "confirmed")
OWED = ("tried", "present")
"""States of the mirror event that must be deleted once its booking is off."""


def cells(start: datetime, end: datetime) -> Iterator[datetime]:
    """The five-minute marks that [start, end) touches."""
    start = start.astimezone(UTC)
    at = start - timedelta(minutes=start.minute % CELL_MINUTES, seconds=start.second, microseconds=start.microsecond)
    while at < end:
        yield at
        at += CELL


def hold(
    session: Session,
    slot: Slot,
    *,
    campaign: str,
    lead_id: str,
    attempt_id: str | None,
    zone: str,
    buffer: timedelta,
    now: datetime,
) -> Booking:
    """Take the slot, or raise `SlotTaken`. An attempt that asks again gets its own hold or booking back."""
    _free(session, [booking for booking in _expired(session, now) if booking.calendar == slot.calendar], now)
    mine = _own(session, slot, lead_id, attempt_id)
    if mine is not None:
        if mine.state == "held":
            mine.held_until = now + HOLD
            session.add(mine)
        return mine
    booking_id = ids.new("book")
    booking = Booking(
        id=booking_id,
        attempt_id=attempt_id,
        lead_id=lead_id,
        campaign=campaign,
        person=slot.person,
        calendar=slot.calendar,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        timezone=zone,
        event_id=event_id(booking_id, 1),
        held_until=now + HOLD,
        created_at=now,
    )
    session.add(booking)
    session.flush()
    # The gap after a meeting belongs to it, so that two meetings booked at once keep the campaign's distance.
    for at in cells(slot.starts_at, slot.ends_at + buffer):
        session.add(CalendarCell(calendar=slot.calendar, starts_at=at, booking_id=booking.id))
    try:
        session.flush()
    except sa.exc.IntegrityError as error:
        raise SlotTaken("somebody else has that time", booking_id=booking.id) from error
    return booking


def confirm(session: Session, booking: Booking, *, link: str, invited: bool) -> bool:
    """Keep the slot for good; False when the hold was lost meanwhile."""
    kept = session.exec(
        update(Booking)
        .where(col(Booking.id) == booking.id, col(Booking.state) == "held")
        .values(state="confirmed", event_state="present", event_link=link, invited=invited, held_until=None)
    )
    return bool(kept.rowcount)


def release(session: Session, booking_id: str, state: str) -> None:
    """Give the slot back; the booking stays as `failed` or `cancelled`."""
    session.exec(update(Booking).where(col(Booking.id) == booking_id).values(state=state, held_until=None))
    session.exec(delete(CalendarCell).where(col(CalendarCell.booking_id) == booking_id))


def wake(session: Session, calendar: str, at: datetime) -> None:
    """See that the calendar is synced no later than `at`: for changes made there, and for deletions we owe it."""
    known = mirror(session, calendar)
    known.due_at = min(known.due_at, at) if known.due_at else at
    session.add(known)


def mirror(session: Session, calendar: str) -> CalendarMirror:
    """What we know of the calendar, made when there is none yet, and locked: two bookings at once both keep their word."""
    once.insert(session, CalendarMirror(calendar=calendar))
    query = select(CalendarMirror).where(CalendarMirror.calendar == calendar).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def note_event(session: Session, booking: Booking, state: str) -> None:
    """Remember what we know of the mirror event, before and after each risky step."""
    booking.event_state = state
    session.exec(
        update(Booking)
        .where(col(Booking.id) == booking.id)
        .values(event_state=state, event_id=booking.event_id, version=booking.version)
    )


def taken(session: Session, calendars: Sequence[str], start: datetime, end: datetime) -> dict[str, list[Span]]:
    """Held and confirmed times per calendar, which the calendar itself may not show yet."""
    spans: dict[str, list[Span]] = {calendar: [] for calendar in calendars}
    rows = session.exec(
        select(Booking).where(
            col(Booking.calendar).in_(calendars),
            col(Booking.state).in_(TAKEN),
            col(Booking.starts_at) < end,
            col(Booking.ends_at) > start,
        )
    )
    for row in rows:
        spans[row.calendar].append((row.starts_at, row.ends_at))
    return spans


def release_expired(session: Session, now: datetime) -> int:
    """Free holds that ran out, and ask for a sync of calendars that are due one or owe an event's deletion."""
    expired = _expired(session, now)
    freed = _free(session, expired, now)
    due = session.exec(select(CalendarMirror).where(col(CalendarMirror.due_at) <= now)).all()
    for known in due:
        # The sync sets its own next time; this only keeps hints from piling up.
        known.due_at = now + timedelta(minutes=1)
        session.add(known)
        after_commit(session, Job.SYNC_CALENDAR, known.calendar)
    return freed


def _free(session: Session, expired: Sequence[Booking], now: datetime) -> int:
    """Give back what is still held at this instant: a booking confirmed since it was read keeps its time."""
    freed = 0
    for booking in expired:
        lost = session.exec(
            update(Booking)
            .where(col(Booking.id) == booking.id, col(Booking.state) == "held", col(Booking.held_until) < now)
            .values(state="failed", held_until=None)
            .execution_options(synchronize_session=False)
        )
        if not lost.rowcount:
            continue
        freed += 1
        session.exec(delete(CalendarCell).where(col(CalendarCell.booking_id) == booking.id))
        if booking.event_state in OWED:
            after_commit(session, Job.SYNC_CALENDAR, booking.calendar)
    return freed


def _expired(session: Session, now: datetime) -> list[Booking]:
    return list(session.exec(select(Booking).where(Booking.state == "held", col(Booking.held_until) < now)))


def _own(session: Session, slot: Slot, lead_id: str, attempt_id: str | None) -> Booking | None:
    return session.exec(
        select(Booking).where(
            Booking.lead_id == lead_id,
            Booking.attempt_id == attempt_id,
            Booking.calendar == slot.calendar,
            Booking.starts_at == slot.starts_at,
            Booking.ends_at == slot.ends_at,
            col(Booking.state).in_(TAKEN),
        )
    ).first()
