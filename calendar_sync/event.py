"""A booking as a calendar event, and what an event means to us. Pure: values in, values out.

The event id is a function of booking and version (base32hex, which is Google's alphabet a-v 0-9), so a repeated insert
cannot make a second meeting, and an id burnt by a deleted event is left behind by the next version.
"""

import base64
import hashlib
import re
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from calendar_sync.spans import Span
from campaign.file import Campaign, Person
from campaign.records import Booking, Lead

Event = dict[str, Any]
_EMAIL = re.compile(r"^[^\s@,;<>()\"]{1,64}@[^\s@,;<>()\"]+\.[^\s@.,;<>()\"]{2,}$")
# workingLocation and birthday entries sit on a calendar without making anybody busy.
_PASSIVE = frozenset({"workingLocation", "birthday"})


def event_id(booking_id: str, version: int) -> str:
    """52 characters of a-v and 0-9; Google takes 5 to 1024 of them."""
    digest = hashlib.sha256(f"{booking_id}:{version}".encode()).digest()
    return base64.b32hexencode(digest).decode().lower().rstrip("=")


def body(booking: Booking, campaign: Campaign, lead: Lead, summary: str, link: str, *, invite: bool) -> Event:
    """What `events.insert` is given. Without an invitation the lead's e-mail stands in the description instead."""
    zone = person_zone(campaign, booking)
    name = " ".join(part for part in (lead.first_name, lead.last_name) if part) or "New lead"
    guest = invitable(lead) if invite else None
    event: Event = {
        "id": booking.event_id,
        "summary": f"{name}: meeting with {campaign.seller.brand}",
        "description": _description(booking, campaign, lead, summary, link),
        "start": {"dateTime": booking.starts_at.astimezone(zone).isoformat(), "timeZone": zone.key},
        "end": {"dateTime": booking.ends_at.astimezone(zone).isoformat(), "timeZone": zone.key},
        "extendedProperties": {"private": {"booking_id": booking.id, "lead_id": booking.lead_id}},
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}]},
    }
    if guest:
        event["attendees"] = [{"email": guest, "displayName": name}]
    return event


def invitable(lead: Lead) -> str | None:
    """The lead's e-mail when it can be one."""
    return lead.email if _EMAIL.match(lead.email) else None


def person_zone(campaign: Campaign, booking: Booking) -> ZoneInfo:
    person: Person | None = next((p for p in campaign.people if p.calendar == booking.calendar), None)
    return ZoneInfo((person and person.timezone) or campaign.timezone)


def ours(event: Event, booking: Booking) -> bool:
    """Whether the event is this booking's, wherever it stands now."""
    private = (event.get("extendedProperties") or {}).get("private") or {}
    return event.get("id") == booking.event_id and private.get("booking_id") == booking.id


def stands(event: Event, booking: Booking) -> bool:
    """Whether the event is this booking's and says exactly what was agreed."""
    return (
        ours(event, booking)
        and event.get("status") == "confirmed"
        and period(event) == (booking.starts_at.astimezone(UTC), booking.ends_at.astimezone(UTC))
    )


def blocks(event: Event) -> bool:
    """Whether the event makes its calendar's owner busy, as free/busy would count it."""
    guests = event.get("attendees") or ()
    declined = any(guest.get("self") and guest.get("responseStatus") == "declined" for guest in guests)
    return (
        event.get("status") != "cancelled"
        and event.get("transparency") != "transparent"
        and event.get("eventType", "default") not in _PASSIVE
        and not declined
    )


def period(event: Event, zone: str = "UTC") -> Span | None:
    """When the event takes place, in UTC; all-day dates are days of the calendar's `zone`, the end exclusive."""
    start, end = _instant(event.get("start"), zone), _instant(event.get("end"), zone)
    return (start, end) if start and end else None


def _instant(point: dict[str, str] | None, zone: str) -> datetime | None:
    if not point:
        return None
    local = ZoneInfo(point.get("timeZone") or zone)
    if "dateTime" in point:
        at = datetime.fromisoformat(point["dateTime"])
        return (at if at.tzinfo else at.replace(tzinfo=local)).astimezone(UTC)
    return datetime.combine(datetime.fromisoformat(point["date"]).date(), time(0), local).astimezone(UTC)


def _description(booking: Booking, campaign: Campaign, lead: Lead, summary: str, link: str) -> str:
    """What the salesperson reads just before the meeting. An invited lead sees it too, so it holds facts only."""
    facts = (("Phone", _spaced(lead.phone)), ("Email", lead.email), ("Company", lead.company))
    theirs, ours_zone = ZoneInfo(booking.timezone or "UTC"), person_zone(campaign, booking)
    at = booking.starts_at.astimezone(theirs)
    elsewhere = at.utcoffset() != booking.starts_at.astimezone(ours_zone).utcoffset()
    lines = [
        *(f"{label}: {value}" for label, value in facts if value),
        *([f"Their local time: {at:%A %H:%M} ({theirs.key.replace('_', ' ')})"] if elsewhere else []),
        "",
        *(["What they told us:", summary.strip(), ""] if summary.strip() else []),
        f"Recording and transcript (team sign-in): {link}",
        f"Booked on the phone by {campaign.seller.brand}'s AI assistant.",
    ]
    return "\n".join(lines).strip()


def _spaced(number: str | None) -> str:
    """E.164 as people read it: `+1 212-555-0101`."""
    if not number:
        return ""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
