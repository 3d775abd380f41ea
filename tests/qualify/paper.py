"""A calendar on paper, the campaign it belongs to, and when it is."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from calendar_sync.slots import Slot
from campaign import file
from campaign.errors import Refused, Retryable
from campaign.records import Booking, Lead

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # Monday 11:00 in New York
TOMORROW_AT_TEN = "tomorrow, Tuesday, November 24th at 10:00 AM"
CAMPAIGN = file.parse(
    """
name: solar-us
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources: [{name: website, secret: whsec_abcdefgh}]
people:
  - {name: Nia, calendar: nia@example.com}
  - {name: Sal, calendar: sal@example.com, phone: "+12125550111", hours: {mon-fri: ["09:00-17:00"]}}
"""
)


@dataclass
class PaperCalendar:
    """Free every day at ten and two; can be taken away, taken or made to wait."""

    gate: threading.Event | None = None
    """A booking under way waits for it."""
    asked: threading.Event = field(default_factory=threading.Event)
    down: bool = False
    taken: bool = False
    booked: list[Slot] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)

    def offer(
        self,
        campaign: Any,
        zone: str,
        now: datetime,
        *,
        limit: int = 3,
        prefer: str = "any",
        day: date | None = None,
        avoid: Collection[datetime] = (),
    ) -> list[Slot]:
        if self.down:
            raise Retryable("away", code="calendar_away")
        starts = [datetime(2026, 11, 24 + d, h, tzinfo=UTC) for d in range(4) for h in (15, 19)]
        free = [s for s in starts if s not in avoid and (day is None or s.date() == day)]
        return [Slot("Sal", "sal@example.com", s, s + timedelta(minutes=30)) for s in free[:limit]]

    def book(
        self, campaign: Any, lead: Lead, attempt_id: str, slot: Slot, *, zone: str, summary: str, now: datetime
    ) -> Booking:
        if self.down:
            raise Retryable("away", code="calendar_away")
        self.asked.set()
        if self.gate is not None:
            self.gate.wait(10)
        if self.taken:
            raise Refused("taken", code="slot_taken")
        self.booked.append(slot)
        self.invited.append(lead.email)
        return Booking(
            id="b1",
            lead_id=lead.id,
            campaign="solar-us",
            person=slot.person,
            calendar=slot.calendar,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            timezone=zone,
            state="confirmed",
            event_id="e1",
            created_at=now,
        )
