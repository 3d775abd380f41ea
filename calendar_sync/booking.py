"""One booking, from hold to confirmed, so that nothing is claimed that the calendar does not show.

hold (our database) → ask the calendar about just that time → insert under an id made of booking and version → read it
back and look for anybody else in that time → confirm. A lost answer leaves the hold and the note `tried`: that order
asked again finds its own event, and `sync` deletes it if nobody asks.
"""

from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import col, select

from calendar_sync import event, holds
from calendar_sync.errors import (
    CalendarMisconfigured,
    CalendarUnavailable,
    CannotInvite,
    EventExists,
    Mismatch,
    SlotTaken,
)
from calendar_sync.event import Event
from calendar_sync.google import BOOKING, GoogleCalendar
from calendar_sync.slots import Slot
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.file import Campaign
from campaign.records import Booking, Lead

log = structlog.get_logger()

ID_VERSIONS = 3
POLL = timedelta(minutes=5)
"""How often a calendar with meetings of ours is read for changes when no push message comes."""
RETRY_CLEANUP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be booked, for whom, and what the invitation says."""

    campaign: Campaign
    lead: Lead
    attempt_id: str | None
    slot: Slot
    zone: str
    summary: str
    link: str
    now: datetime


def book(google: GoogleCalendar, database: Database, beside: Executor, order: Order) -> Booking:
    """Raises `SlotTaken`, `CalendarUnavailable` or `CalendarMisconfigured`; `beside` runs the second of two checks."""
    with database.transaction() as session:
        booking = holds.hold(
            session,
            order.slot,
            campaign=order.campaign.name,
            lead_id=order.lead.id,
            attempt_id=order.attempt_id,
            zone=order.zone,
            buffer=_buffer(order),
            now=order.now,
        )
    if booking.state == "confirmed":
        return booking
    try:
        _place(google, database, booking, order)
        found = _verified(google, beside, booking)
        _confirm(database, booking, order, found)
    except FirstringError as error:
        # While nobody knows whether the event exists, the hold stays: the same order asked again finds it.
        unknown = isinstance(error, CalendarUnavailable) and not isinstance(error, Mismatch)
        if not (unknown and booking.event_state == "tried"):
            _back_out(google, database, booking, "failed", order.now)
        raise
    for replaced in _earlier(database, booking, order.now):
        _back_out(google, database, replaced, "cancelled", order.now)
    return booking


def withdraw(google: GoogleCalendar, database: Database, booking: Booking, state: str, now: datetime) -> None:
    """Free the slot at once, then delete the event; when the calendar fails, `sync` deletes it later."""
    owed = booking.event_state in holds.OWED
    with database.transaction() as session:
        holds.release(session, booking.id, state)
        if owed:
            holds.wake(session, booking.calendar, now + RETRY_CLEANUP)
    if owed:
        google.delete(booking.calendar, booking.event_id, notify=True)
        with database.transaction() as session:
            holds.note_event(session, booking, "gone")


def _place(google: GoogleCalendar, database: Database, booking: Booking, order: Order) -> None:
    """See that the booking's event is in the calendar, exactly once, whatever happened before."""
    if booking.event_state == "tried" and _there(google, booking):
        return
    _ask_again(google, booking, order)
    invite = event.invitable(order.lead) is not None
    for _ in range(ID_VERSIONS + 1):
        with database.transaction() as session:
            holds.note_event(session, booking, "tried")
        content = event.body(booking, order.campaign, order.lead, order.summary, order.link, invite=invite)
        try:
            google.insert(booking.calendar, content, notify=invite)
            return
        except CannotInvite as error:
            log.warning(
                "calendar may not invite; booking without the attendee", calendar=booking.calendar, **error.data
            )
            invite = False
        except EventExists:
            if _there(google, booking):
                return
            booking.version += 1
            booking.event_id = event.event_id(booking.id, booking.version)
        except CalendarMisconfigured:
            with database.transaction() as session:
                holds.note_event(session, booking, "")
            raise
    raise CalendarMisconfigured("every event id of this booking is in use", booking_id=booking.id)


def _there(google: GoogleCalendar, booking: Booking) -> bool:
    """Whether the event under our id is ours and alive; a foreign or deleted one keeps the id for ever."""
    found = google.get(booking.calendar, booking.event_id)
    return found is not None and event.ours(found, booking) and found.get("status") != "cancelled"


def _ask_again(google: GoogleCalendar, booking: Booking, order: Order) -> None:
    """Is that time, with the campaign's distance around it, still free in the calendar itself?"""
    buffer = _buffer(order)
    answer = google.busy([booking.calendar], booking.starts_at - buffer, booking.ends_at + buffer, BOOKING)
    if booking.calendar in answer.unreadable:
        reason = answer.unreadable[booking.calendar]
        raise CalendarUnavailable("the calendar cannot be read", code="calendar_unreadable", reason=reason)
    if answer.periods[booking.calendar]:
        raise SlotTaken("the calendar is busy then", booking_id=booking.id)


def _verified(google: GoogleCalendar, beside: Executor, booking: Booking) -> Event:
    """The event as the calendar shows it, and nothing else in its time."""
    alone = beside.submit(_alone, google, booking)
    found = google.get(booking.calendar, booking.event_id)
    undisturbed = alone.result()
    if found is None or not event.stands(found, booking):
        booking.event_state = "present"
        raise Mismatch("the calendar shows something else than was booked", booking_id=booking.id)
    if not undisturbed:
        raise SlotTaken("somebody put an event there meanwhile", booking_id=booking.id)
    return found


def _alone(google: GoogleCalendar, booking: Booking) -> bool:
    others, zone = google.between(booking.calendar, booking.starts_at, booking.ends_at)
    return not any(_collides(other, booking, zone) for other in others)


def _collides(other: Event, booking: Booking, zone: str) -> bool:
    span = event.period(other, zone)
    if span is None or other.get("id") == booking.event_id or not event.blocks(other):
        return False
    return span[0] < booking.ends_at and booking.starts_at < span[1]


def _confirm(database: Database, booking: Booking, order: Order, found: Event) -> None:
    guest = event.invitable(order.lead)
    invited = any(
        guest and str(given.get("email", "")).lower() == guest.lower() for given in found.get("attendees") or ()
    )
    link = str(found.get("htmlLink", ""))
    with database.transaction() as session:
        kept = holds.confirm(session, booking, link=link, invited=invited)
        holds.wake(session, booking.calendar, order.now + POLL)
    if not kept:
        raise SlotTaken("the hold ran out before the calendar answered", booking_id=booking.id)
    booking.state, booking.event_state, booking.held_until = "confirmed", "present", None
    booking.event_link, booking.invited = link, invited


def _earlier(database: Database, booking: Booking, now: datetime) -> list[Booking]:
    """Other meetings to come of the same lead: one lead has one meeting, the last one agreed."""
    with database.reading() as session:
        return list(
            session.exec(
                select(Booking).where(
                    Booking.lead_id == booking.lead_id,
                    Booking.id != booking.id,
                    Booking.state == "confirmed",
                    col(Booking.starts_at) > now,
                )
            )
        )


def _back_out(google: GoogleCalendar, database: Database, booking: Booking, state: str, now: datetime) -> None:
    with suppress(CalendarUnavailable, CalendarMisconfigured):  # the deletion is owed and `sync` has been woken for it
        withdraw(google, database, booking, state, now)


def _buffer(order: Order) -> timedelta:
    return timedelta(minutes=order.campaign.meeting.buffer_minutes)
