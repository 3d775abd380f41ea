"""What people did to our meetings in their calendar: read by sync token, applied to the bookings.

Also deletes events whose booking fell through. Push messages only make it happen sooner; it is due by itself every few
minutes while there are meetings to come. Repeating it changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col, delete, select

from calendar_sync import booking as bookings
from calendar_sync import event, holds
from calendar_sync.errors import CalendarMisconfigured, CalendarUnavailable, Gone
from calendar_sync.event import Event
from calendar_sync.google import GoogleCalendar
from campaign.database import Database
from campaign.records import Booking, CalendarCell, CalendarMirror
from campaign.settings import Settings

log = structlog.get_logger()

LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moved:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CalledOff:
    pass


@dataclass(frozen=True, slots=True)
class Unchanged:
    pass


def change(booking: Booking, found: Event | None, zone: str = "UTC") -> Moved | CalledOff | Unchanged:
    """What the event says about its confirmed booking; None is an event that does not exist any more."""
    if found is None or found.get("status") == "cancelled":
        return CalledOff()
    span = event.period(found, zone)
    if span is None or span == (booking.starts_at, booking.ends_at):
        return Unchanged()
    return Moved(*span)


def sync(database: Database, settings: Settings, calendar: str, now: datetime) -> None:
    """Bring the calendar's bookings up to date. Raises what the calendar raises; the next due time is set anyway."""
    google = GoogleCalendar(settings)
    try:
        _clear_away(google, database, calendar, now)
        _read_changes(google, database, calendar, now)
    except (CalendarUnavailable, CalendarMisconfigured) as error:
        _next(database, calendar, now, problem=error.code)
        raise
    _next(database, calendar, now, problem="")


def _clear_away(google: GoogleCalendar, database: Database, calendar: str, now: datetime) -> None:
    """Delete events of bookings that are off."""
    with database.reading() as session:
        owed = session.exec(
            select(Booking).where(
                Booking.calendar == calendar,
                col(Booking.state).in_(("failed", "cancelled")),
                col(Booking.event_state).in_(holds.OWED),
            )
        ).all()
    for booking in owed:
        bookings.withdraw(google, database, booking, booking.state, now)


def _read_changes(google: GoogleCalendar, database: Database, calendar: str, now: datetime) -> None:
    with database.reading() as session:
        mirror = session.get(CalendarMirror, calendar)
        token = mirror.sync_token if mirror else ""
    try:
        events, new_token = google.changes(calendar, token, now - LOOK_BACK)
    except Gone:
        token = ""
        events, new_token = google.changes(calendar, token, now - LOOK_BACK)
    found: dict[str, Event | None] = {str(given["id"]): given for given in events if "id" in given}
    if not token:
        found |= _missing(google, database, calendar, found.keys(), now)
    with database.transaction() as session:
        _apply(session, calendar, found)
        known = holds.mirror(session, calendar)
        known.sync_token, known.synced_at = new_token, now
        session.add(known)


def _missing(
    google: GoogleCalendar, database: Database, calendar: str, listed: Iterable[str], now: datetime
) -> dict[str, Event | None]:
    """A full read does not say what was deleted long ago: ask for each meeting to come that it did not list."""
    seen = set(listed)
    with database.reading() as session:
        ids = [booking.event_id for booking in _confirmed(session, calendar) if booking.starts_at > now]
    return {event_id: google.get(calendar, event_id) for event_id in ids if event_id not in seen}


def _apply(session: Session, calendar: str, found: dict[str, Event | None]) -> None:
    for booking in _confirmed(session, calendar):
        if booking.event_id not in found:
            continue
        match change(booking, found[booking.event_id]):
            case Unchanged():
                pass
            case CalledOff():
                holds.release(session, booking.id, "cancelled")
                booking.event_state = "gone"
                session.add(booking)
                log.info("meeting cancelled in the calendar", booking_id=booking.id)
            case Moved(starts_at, ends_at):
                booking.starts_at, booking.ends_at = starts_at, ends_at
                session.add(booking)
                _move_cells(session, booking)
                log.info("meeting moved in the calendar", booking_id=booking.id)
            case other:
                assert_never(other)


def _move_cells(session: Session, booking: Booking) -> None:
    """A person may move a meeting onto another one of ours; then the cells stay with whoever had them."""
    session.exec(delete(CalendarCell).where(col(CalendarCell.booking_id) == booking.id))
    session.flush()
    marks = list(holds.cells(booking.starts_at, booking.ends_at))
    taken = set(
        session.exec(
            select(CalendarCell.starts_at).where(
                CalendarCell.calendar == booking.calendar, col(CalendarCell.starts_at).in_(marks)
            )
        )
    )
    session.add_all(
        CalendarCell(calendar=booking.calendar, starts_at=at, booking_id=booking.id) for at in marks if at not in taken
    )


def _confirmed(session: Session, calendar: str) -> Sequence[Booking]:
    return session.exec(select(Booking).where(Booking.calendar == calendar, Booking.state == "confirmed")).all()


def _next(database: Database, calendar: str, now: datetime, *, problem: str) -> None:
    """Due again while meetings lie ahead or a deletion is owed; a calendar without either is left alone."""
    with database.transaction() as session:
        known = holds.mirror(session, calendar)
        ahead = session.exec(
            select(sa.func.count())
            .select_from(Booking)
            .where(
                col(Booking.calendar) == calendar,
                sa.or_(
                    sa.and_(col(Booking.state) == "confirmed", col(Booking.ends_at) > now),
                    sa.and_(col(Booking.state).in_(("failed", "cancelled")), col(Booking.event_state).in_(holds.OWED)),
                ),
            )
        ).one()
        known.due_at = now + bookings.POLL if ahead else None
        known.problem, known.problem_at = problem, now if problem else None
        session.add(known)
