"""The calendar as the conversation uses it: offer times, book one, cancel it. Blocking and thread-safe.

Build one per process and close it at the end.
"""

import threading
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

from calendar_sync import booking
from calendar_sync.availability import Availability, questions
from calendar_sync.errors import CalendarUnavailable
from calendar_sync.google import GoogleCalendar
from calendar_sync.slots import Slot, free_slots
from calendar_sync.spans import DAY
from campaign import clock
from campaign.database import Database
from campaign.file import Campaign
from campaign.records import Booking, Lead
from campaign.settings import Settings

OFFERED_S = 120.0
"""For so long a slot offered in one call is not the first choice in another."""


class Calendar:
    """Opens nothing before its first use, so a process starts without the calendar."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._google = GoogleCalendar(settings)
        self._availability = Availability(self._google, database)
        self._beside = ThreadPoolExecutor(max_workers=8, thread_name_prefix="calendar")
        self._offered: dict[tuple[str, datetime], float] = {}
        self._offering = threading.Lock()

    def prefetch(self, campaign: Campaign, now: datetime) -> None:
        """Read free/busy now, so that the offer a minute later in the conversation starts from a warm connection."""
        self._availability.refresh(_calendars(campaign), *_horizon(campaign, now), now)

    def offer(
        self,
        campaign: Campaign,
        zone: str,
        now: datetime,
        *,
        limit: int = 3,
        prefer: str = "any",
        day: date | None = None,
        avoid: Collection[datetime] = (),
    ) -> list[Slot]:
        """Free slots across the pool; an empty list means nothing is free as asked.

        Raises `CalendarUnavailable` when no calendar of the pool can be read now, `CalendarMisconfigured` when none
        ever will (credentials).
        """
        calendars = _calendars(campaign)
        busy = self._availability.read(calendars, *_horizon(campaign, now), now)
        if not busy:
            raise CalendarUnavailable("no calendar of the pool can be read", code="no_calendar_readable")
        with self._offering:
            slots = free_slots(
                campaign, busy, zone, now, limit=limit, prefer=prefer, day=day, avoid=avoid, crowded=self._crowded()
            )
            self._offered.update({(slot.calendar, slot.starts_at): clock.monotonic() for slot in slots})
        return slots

    def book(
        self,
        campaign: Campaign,
        lead: Lead,
        attempt_id: str | None,
        slot: Slot,
        *,
        zone: str,
        summary: str,
        now: datetime,
    ) -> Booking:
        """Returns a confirmed booking whose event was read back. The same order again returns the same booking.

        A lead's other meetings to come are cancelled. Raises `SlotTaken`, `CalendarUnavailable` or
        `CalendarMisconfigured`.
        """
        link = f"{self._settings.public_base}/console/leads/{lead.id}"
        order = booking.Order(campaign, lead, attempt_id, slot, zone, summary, link, now)
        try:
            return booking.book(self._google, self._database, self._beside, order)
        finally:
            self._availability.forget(slot.calendar)

    def cancel(self, booking_id: str, now: datetime) -> None:
        """Free the slot and delete the event; done again it does nothing."""
        with self._database.reading() as session:
            found = session.get(Booking, booking_id)
        if found is None or (found.state == "cancelled" and found.event_state not in ("tried", "present")):
            return
        self._availability.forget(found.calendar)
        booking.withdraw(self._google, self._database, found, "cancelled", now)

    def check(self, campaign: Campaign, now: datetime) -> dict[str, str]:
        """For `doctor`: each calendar of the pool and why it cannot be read, or an empty text."""
        found: dict[str, str] = {}
        for calendars, start, end in questions(_calendars(campaign), now, now + timedelta(hours=1)):
            unreadable = self._google.busy(calendars, start, end).unreadable
            found |= {calendar: unreadable.get(calendar, "") for calendar in calendars}
        return found

    def close(self) -> None:
        self._beside.shutdown(wait=False, cancel_futures=True)

    def _crowded(self) -> set[tuple[str, datetime]]:
        old = clock.monotonic() - OFFERED_S
        self._offered = {slot: at for slot, at in self._offered.items() if at > old}
        return set(self._offered)


def _calendars(campaign: Campaign) -> Sequence[str]:
    return list(dict.fromkeys(person.calendar for person in campaign.people))


def _horizon(campaign: Campaign, now: datetime) -> tuple[datetime, datetime]:
    """Whole hours, so that offers within the hour ask for the same stretch and find it remembered."""
    start = now.replace(minute=0, second=0, microsecond=0)
    return start, start + DAY * (campaign.meeting.days_ahead + 1)
