"""What people do to our meetings in Google finds its way back, once, by push, by poll, after a lost token."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from calendar_sync import holds
from calendar_sync.booking import POLL
from calendar_sync.calendar import Calendar
from calendar_sync.errors import CalendarUnavailable
from calendar_sync.slots import Slot
from calendar_sync.sync import CalledOff, Moved, Unchanged, change, sync
from campaign.database import Database
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.records import Booking, CalendarCell, CalendarMirror, Lead
from campaign.settings import Settings

SAL = "sal@example.com"
NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
TEN = Slot("Sal", SAL, datetime(2027, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, 30, tzinfo=UTC))


@pytest.fixture
def booking(calendar: Calendar, campaign: Campaign, lead: Lead) -> Booking:
    return calendar.book(campaign, lead, f"att_{lead.id}", TEN, zone="America/New_York", summary="", now=NOW)


def stored(database: Database, booking: Booking) -> Booking:
    with database.reading() as session:
        return session.get_one(Booking, booking.id)


def mirror(database: Database) -> CalendarMirror:
    with database.reading() as session:
        return session.get_one(CalendarMirror, SAL)


def cells(database: Database) -> set[datetime]:
    with database.reading() as session:
        return set(session.exec(select(CalendarCell.starts_at)))


@pytest.mark.parametrize("seen_before", [True, False], ids=["incremental", "full"])
def test_a_meeting_cancelled_in_google_frees_its_slot(
    database: Database, settings: Settings, google: Any, booking: Booking, seen_before: bool
) -> None:
    if seen_before:
        sync(database, settings, SAL, NOW)
        assert stored(database, booking).state == "confirmed"
    google.stranger(SAL, id=booking.event_id, delete=True)
    sync(database, settings, SAL, NOW)
    found = stored(database, booking)
    assert (found.state, found.event_state) == ("cancelled", "gone")
    assert cells(database) == set()


def test_a_meeting_moved_in_google_moves_here(
    database: Database, settings: Settings, google: Any, booking: Booking
) -> None:
    sync(database, settings, SAL, NOW)
    start, end = "2027-03-03T18:00:00Z", "2027-03-03T19:00:00Z"
    google.stranger(SAL, id=booking.event_id, start={"dateTime": start}, end={"dateTime": end})
    for _ in range(2):
        sync(database, settings, SAL, NOW)
        found = stored(database, booking)
        assert (found.state, found.starts_at) == ("confirmed", datetime.fromisoformat(start))
        assert cells(database) == set(holds.cells(found.starts_at, found.ends_at))


def test_a_lost_sync_token_means_a_full_read(
    database: Database, settings: Settings, google: Any, booking: Booking
) -> None:
    sync(database, settings, SAL, NOW)
    before = mirror(database).sync_token
    google.stranger(SAL, id=booking.event_id, delete=True)
    google.fault(expire_sync_tokens=True)
    sync(database, settings, SAL, NOW)
    assert stored(database, booking).state == "cancelled"
    assert mirror(database).sync_token not in ("", before)


def test_strangers_events_change_nothing(database: Database, settings: Settings, google: Any, booking: Booking) -> None:
    google.stranger(SAL, start={"dateTime": "2027-03-02T18:00:00Z"}, end={"dateTime": "2027-03-02T19:00:00Z"})
    sync(database, settings, SAL, NOW)
    assert stored(database, booking).state == "confirmed"


def test_a_calendar_with_meetings_is_polled_and_one_without_is_not(
    database: Database, settings: Settings, google: Any, booking: Booking, calendar: Calendar, sent: list[Any]
) -> None:
    assert mirror(database).due_at == NOW + POLL
    with database.transaction() as session:
        holds.release_expired(session, NOW + POLL)
    assert sent == [(Job.SYNC_CALENDAR, SAL)]
    with database.transaction() as session:
        holds.release_expired(session, NOW + POLL)
    assert len(sent) == 1, "one hint a minute at most"
    calendar.cancel(booking.id, NOW)
    sync(database, settings, SAL, NOW)
    assert mirror(database).due_at is None


def test_trouble_is_noted_and_tried_again(
    database: Database, settings: Settings, google: Any, booking: Booking
) -> None:
    google.fault(
        errors=[{"status": 429, "reason": "rateLimitExceeded", "retry_after": 600, "path": "/events", "times": 9}]
    )
    with pytest.raises(CalendarUnavailable):
        sync(database, settings, SAL, NOW)
    assert (mirror(database).problem, mirror(database).due_at) == ("calendar_unavailable", NOW + POLL)
    google.fault(errors=None)
    sync(database, settings, SAL, NOW + POLL)
    assert mirror(database).problem == ""


def test_a_meeting_moved_onto_another_keeps_both(
    database: Database,
    settings: Settings,
    google: Any,
    booking: Booking,
    calendar: Calendar,
    campaign: Campaign,
    new_lead: Any,
) -> None:
    later = Slot("Sal", SAL, TEN.starts_at + timedelta(hours=2), TEN.ends_at + timedelta(hours=2))
    other_lead = new_lead(email="kim@example.com")
    other = calendar.book(campaign, other_lead, f"att_{other_lead.id}", later, zone="UTC", summary="", now=NOW)
    at = {"dateTime": later.starts_at.isoformat()}, {"dateTime": later.ends_at.isoformat()}
    google.stranger(SAL, id=booking.event_id, start=at[0], end=at[1])
    sync(database, settings, SAL, NOW)
    assert {stored(database, one).starts_at for one in (booking, other)} == {later.starts_at}
    assert cells(database) == set(holds.cells(later.starts_at, later.ends_at))


def test_what_an_event_says_about_its_booking() -> None:
    booking = Booking(
        id="b", lead_id="l", campaign="c", person="Sal", calendar=SAL, starts_at=TEN.starts_at, ends_at=TEN.ends_at,
        timezone="UTC", event_id="e",
    )  # fmt: skip
    as_agreed = {"start": {"dateTime": "2027-03-02T10:00:00-05:00"}, "end": {"dateTime": "2027-03-02T10:30:00-05:00"}}
    assert change(booking, as_agreed) == Unchanged()
    assert change(booking, None) == CalledOff()
    assert change(booking, {"status": "cancelled"}) == CalledOff()
    moved = as_agreed | {"end": {"dateTime": "2027-03-02T11:00:00-05:00"}}
    assert change(booking, moved) == Moved(TEN.starts_at, TEN.ends_at + timedelta(minutes=30))
    all_day = {"start": {"date": "2027-03-02"}, "end": {"date": "2027-03-03"}}
    assert change(booking, all_day, "America/New_York") == Moved(
        datetime(2027, 3, 2, 5, tzinfo=UTC), datetime(2027, 3, 3, 5, tzinfo=UTC)
    )
