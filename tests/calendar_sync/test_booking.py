"""Booking against the sandbox's calendar: what is claimed stands there, once, whatever goes wrong on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from calendar_sync import holds
from calendar_sync.calendar import Calendar
from calendar_sync.errors import CalendarMisconfigured, CalendarUnavailable, SlotTaken
from calendar_sync.event import event_id
from calendar_sync.slots import Slot
from calendar_sync.sync import sync
from campaign.database import Database
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.records import Booking, CalendarCell, CalendarMirror, Lead
from campaign.settings import Settings

SAL = "sal@example.com"
ZONE = "America/New_York"
NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
TEN = Slot("Sal", SAL, datetime(2027, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, 30, tzinfo=UTC))


def book(calendar: Calendar, campaign: Campaign, lead: Lead, slot: Slot = TEN, now: datetime = NOW) -> Booking:
    summary = "Owns the home, bill $180."
    return calendar.book(campaign, lead, f"att_{lead.id}", slot, zone=ZONE, summary=summary, now=now)


def rows(database: Database, kind: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(kind)))


def test_a_booking_stands_in_the_calendar_as_agreed(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    (first, *_) = calendar.offer(campaign, ZONE, NOW)
    booking = book(calendar, campaign, lead, first)
    (event,) = google.events()
    assert event["id"] == booking.event_id == event_id(booking.id, 1)
    assert datetime.fromisoformat(event["start"]["dateTime"]) == first.starts_at
    assert event["extendedProperties"]["private"]["booking_id"] == booking.id
    assert event["attendees"][0]["email"] == "dana@example.com"
    assert "Owns the home, bill $180." in event["description"]
    assert f"https://firstring.example.com/console/leads/{lead.id}" in event["description"]
    assert booking.state == "confirmed"
    assert booking.invited
    assert booking.event_link == event["htmlLink"]
    (stored,) = rows(database, Booking)
    assert (stored.state, stored.event_state, stored.invited) == ("confirmed", "present", True)
    assert first.starts_at not in {
        slot.starts_at for slot in calendar.offer(campaign, ZONE, NOW, limit=200) if slot.person == first.person
    }


def test_without_delegation_the_email_is_in_the_description(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any
) -> None:
    google.fault(service_account_attendees="forbidden")
    booking = book(calendar, campaign, lead)
    (event,) = google.events()
    assert "attendees" not in event
    assert "dana@example.com" in event["description"]
    assert not booking.invited


def test_the_same_order_again_is_the_same_booking(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any
) -> None:
    assert book(calendar, campaign, lead).id == book(calendar, campaign, lead).id
    assert len(google.events()) == 1


def test_a_changed_mind_leaves_one_meeting(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    book(calendar, campaign, lead)
    later = Slot("Sal", SAL, TEN.starts_at + timedelta(hours=2), TEN.ends_at + timedelta(hours=2))
    moved = book(calendar, campaign, lead, later)
    assert [event["id"] for event in google.events()] == [moved.event_id]
    assert sorted(row.state for row in rows(database, Booking)) == ["cancelled", "confirmed"]


@pytest.mark.parametrize(
    "fault", [{"drop_after": {"times": 1}}, {"drop_before": {"times": 2}}], ids=["committed", "lost"]
)
@pytest.mark.parametrize("where", ["POST", "GET"])
def test_a_cut_line_makes_one_event(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, fault: dict[str, Any], where: str
) -> None:
    ((knob, rule),) = fault.items()
    google.fault(**{knob: {**rule, "method": where, "path": "/events"}})
    assert book(calendar, campaign, lead).state == "confirmed"
    assert len(google.events()) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "quotaExceeded"),
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (429, "rateLimitExceeded"),
        (503, "backendError"),
    ],
)
def test_passing_trouble_is_waited_out(
    calendar: Calendar, campaign: Campaign, new_lead: Any, google: Any, status: int, reason: str
) -> None:
    lead = new_lead(email="")
    google.fault(errors=[{"status": status, "reason": reason, "times": 2, "method": "POST", "path": "/events"}])
    assert book(calendar, campaign, lead).state == "confirmed"
    assert len([one for one in google.requests("/events") if one["method"] == "POST"]) == 3


def test_a_calendar_that_may_not_be_written_is_no_passing_trouble(
    calendar: Calendar, campaign: Campaign, new_lead: Any, google: Any, database: Database
) -> None:
    lead = new_lead(email="")
    google.fault(access={SAL: "reader"})
    with pytest.raises(CalendarMisconfigured):
        book(calendar, campaign, lead)
    assert len([one for one in google.requests("/events") if one["method"] == "POST"]) == 1
    assert rows(database, CalendarCell) == []
    assert [row.state for row in rows(database, Booking)] == ["failed"]


def test_a_foreign_event_under_our_id_is_not_success(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any
) -> None:
    """Deleted ids stay taken: the next version of the booking gets a new one."""
    first = book(calendar, campaign, lead)
    calendar.cancel(first.id, NOW)
    assert google.events() == []
    again = book(calendar, campaign, lead)
    assert again.state == "confirmed"
    assert again.event_id != first.event_id


def test_an_id_burnt_by_somebody_else_moves_to_the_next_version(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.ids.new", lambda prefix: f"{prefix}_fixed")
    at = {"dateTime": "2027-03-09T15:00:00Z"}, {"dateTime": "2027-03-09T15:30:00Z"}
    google.stranger(SAL, id=event_id("book_fixed", 1), summary="Foreign", start=at[0], end=at[1])
    booking = book(calendar, campaign, lead)
    assert (booking.version, booking.event_id) == (2, event_id("book_fixed", 2))
    assert len(google.events()) == 2


def test_an_event_put_there_before_the_insert_wins(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    calendar.prefetch(campaign, NOW)
    google.stranger(
        SAL, summary="Dentist", start={"dateTime": "2027-03-02T15:15:00Z"}, end={"dateTime": "2027-03-02T16:00:00Z"}
    )
    with pytest.raises(SlotTaken):
        book(calendar, campaign, lead)
    assert [event["summary"] for event in google.events()] == ["Dentist"]
    assert rows(database, CalendarCell) == []


def test_an_event_put_there_during_the_insert_wins_too(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    google.fault(intrude=1)
    with pytest.raises(SlotTaken):
        book(calendar, campaign, lead)
    (event,) = google.events()
    assert "extendedProperties" not in event
    assert rows(database, CalendarCell) == []
    assert [(row.state, row.event_state) for row in rows(database, Booking)] == [("failed", "gone")]


def test_transparent_and_adjacent_events_do_not_disturb(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any
) -> None:
    def put(start: str, end: str, **more: Any) -> None:
        google.stranger(SAL, start={"dateTime": start}, end={"dateTime": end}, **more)

    put("2027-03-02T15:00:00Z", "2027-03-02T16:00:00Z", summary="Reminder", transparency="transparent")
    put("2027-03-02T14:30:00Z", "2027-03-02T15:00:00Z", summary="Before")
    put("2027-03-02T15:30:00Z", "2027-03-02T16:00:00Z", summary="After")
    assert book(calendar, campaign, lead).state == "confirmed"


def test_a_silent_calendar_keeps_the_hold_and_the_same_order_finds_its_event(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    google.fault(
        drop_after={"method": "POST", "path": "/events", "times": 99},
        errors=[{"status": 503, "method": "GET", "times": 99}],
    )
    with pytest.raises(CalendarUnavailable):
        book(calendar, campaign, lead)
    assert [(row.state, row.event_state) for row in rows(database, Booking)] == [("held", "tried")]
    google.fault(drop_after=None, errors=None)
    assert book(calendar, campaign, lead).state == "confirmed"
    assert len(google.events()) == 1


def test_a_hold_nobody_asks_for_again_leaves_no_event(
    calendar: Calendar,
    campaign: Campaign,
    lead: Lead,
    google: Any,
    database: Database,
    settings: Settings,
    sent: list[Any],
) -> None:
    google.fault(
        drop_after={"method": "POST", "path": "/events", "times": 99},
        errors=[{"status": 503, "method": "GET", "times": 99}],
    )
    with pytest.raises(CalendarUnavailable):
        book(calendar, campaign, lead)
    google.fault(drop_after=None, errors=None)
    assert len(google.events()) == 1
    after = NOW + holds.HOLD + timedelta(seconds=1)
    with database.transaction() as session:
        assert holds.release_expired(session, after) == 1
    assert (Job.SYNC_CALENDAR, SAL) in sent
    assert rows(database, CalendarCell) == []
    sync(database, settings, SAL, after)
    assert google.events() == []
    assert [(row.state, row.event_state) for row in rows(database, Booking)] == [("failed", "gone")]


def test_cancel_frees_the_slot_and_can_be_repeated(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database
) -> None:
    booking = book(calendar, campaign, lead)
    for _ in range(3):
        calendar.cancel(booking.id, NOW)
    assert google.events() == []
    assert rows(database, CalendarCell) == []


def test_a_cancellation_the_calendar_did_not_hear_is_made_good(
    calendar: Calendar, campaign: Campaign, lead: Lead, google: Any, database: Database, settings: Settings
) -> None:
    booking = book(calendar, campaign, lead)
    google.fault(errors=[{"status": 400, "reason": "badRequest", "method": "DELETE"}])
    with pytest.raises(CalendarMisconfigured):
        calendar.cancel(booking.id, NOW)
    assert rows(database, CalendarCell) == []
    (mirror,) = rows(database, CalendarMirror)
    assert mirror.due_at <= NOW + timedelta(seconds=30)
    sync(database, settings, SAL, NOW + timedelta(seconds=31))
    assert google.events() == []


def test_the_distance_between_meetings_holds_under_a_race(
    calendar: Calendar, campaign: Campaign, google: Any, new_lead: Any
) -> None:
    apart = campaign.model_copy(update={"meeting": campaign.meeting.model_copy(update={"buffer_minutes": 15})})
    book(calendar, apart, new_lead())
    close = Slot("Sal", SAL, TEN.ends_at + timedelta(minutes=10), TEN.ends_at + timedelta(minutes=40))
    with pytest.raises(SlotTaken):
        book(calendar, apart, new_lead(), close)
    far = Slot("Sal", SAL, TEN.ends_at + timedelta(minutes=15), TEN.ends_at + timedelta(minutes=45))
    assert book(calendar, apart, new_lead(), far).state == "confirmed"
