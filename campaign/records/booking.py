"""Bookings, with our database as the arbiter of who has a slot and the calendar as its mirror.

A held or confirmed booking occupies one `CalendarCell` per five minutes; the primary key refuses a second one, on every
database alike, without exclusion constraints.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import Instant, instant

CELL_MINUTES = 5


class Booking(SQLModel, table=True):
    id: str = Field(primary_key=True)
    attempt_id: str | None = Field(default=None, foreign_key="attempt.id", index=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    person: str
    calendar: str
    starts_at: datetime = instant(index=True)
    ends_at: datetime = instant()
    timezone: str
    """The lead's zone, in which the time was spoken."""
    state: str = Field(default="held", index=True)
    """`held`, `confirmed`, `cancelled` or `failed`."""
    version: int = 1
    event_id: str
    event_link: str = ""
    event_state: str = ""
    """What we know of the mirror: empty (never sent), `tried` (sent, no answer yet), `present`, `gone`."""
    invited: bool = False
    """The lead is an attendee of the event; False when the calendar may not invite or the lead gave no e-mail."""
    held_until: datetime | None = instant()
    created_at: datetime = instant()


class CalendarCell(SQLModel, table=True):
    __tablename__ = "calendar_cell"

    calendar: str = Field(primary_key=True)
    starts_at: datetime = Field(sa_type=Instant, primary_key=True)
    booking_id: str = Field(foreign_key="booking.id", index=True)
