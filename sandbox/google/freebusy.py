"""freeBusy.query: merged busy time per calendar, and the errors that come with HTTP 200 and look like freedom.

Limits: 50 calendars and 90 days a query (the second undocumented, calcom/cal.com#11696).
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.google import times
from sandbox.google.calendars import Calendar, Calendars, Kept
from sandbox.google.problems import Problem, invalid, required

CALENDARS, RANGE = 50, timedelta(days=90)
_OPEN_TYPES = {"workingLocation", "birthday"}


def answer(calendars: Calendars, body: dict[str, Any], errors: dict[str, str], own: str) -> dict[str, Any]:
    """The response; `errors` names calendars that cannot be read, `own` is what `primary` means."""
    lower, upper = _bounds(body)
    zone = body.get("timeZone") or "UTC"
    times.zone(zone)
    asked = _ids(body)
    if body.get("calendarExpansionMax") and int(body["calendarExpansionMax"]) > CALENDARS:
        raise invalid("Invalid value for: calendarExpansionMax", "calendarExpansionMax")
    most = min(int(body.get("calendarExpansionMax") or CALENDARS), CALENDARS)
    too_many = "tooManyCalendarsRequested" if len(asked) > most else None
    found: dict[str, Any] = {}
    for calendar_id in asked:
        real = own if calendar_id == "primary" else calendar_id
        reason = too_many or errors.get(real)
        found[calendar_id] = _failed(reason) if reason else _one(calendars, real, (lower, upper), zone)
    shown_bounds = {"timeMin": times.in_zone(lower, "UTC"), "timeMax": times.in_zone(upper, "UTC")}
    return {"kind": "calendar#freeBusy", **shown_bounds, "calendars": found}


def busy(calendar: Calendar, lower: datetime, upper: datetime) -> list[tuple[datetime, datetime]]:
    """Merged busy spans within the bounds."""
    spans = sorted(
        (max(begin, lower), min(end, upper))
        for kept in calendar.events.values()
        if _blocks(kept, calendar.id)
        for begin, end in [(times.instant(kept.body[side], calendar.zone) for side in ("start", "end"))]
        if begin < upper and end > lower
    )
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _blocks(kept: Kept, owner: str) -> bool:
    declined = any(
        guest["email"] == owner and guest["responseStatus"] == "declined" for guest in kept.body.get("attendees", [])
    )
    transparent = kept.body.get("transparency") == "transparent" or kept.body["eventType"] in _OPEN_TYPES
    return not (kept.cancelled or declined or transparent)


def _one(calendars: Calendars, calendar_id: str, bounds: tuple[datetime, datetime], zone: str) -> dict[str, Any]:
    try:
        calendar = calendars.get(calendar_id)
    except Problem:
        return _failed("notFound")
    spans = busy(calendar, *bounds)
    return {"busy": [{"start": times.in_zone(b, zone), "end": times.in_zone(e, zone)} for b, e in spans]}


def _failed(reason: str) -> dict[str, Any]:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _bounds(body: dict[str, Any]) -> tuple[datetime, datetime]:
    for name in ("timeMin", "timeMax"):
        if not isinstance(body.get(name), str):
            raise required(f"Missing {name} parameter.", name)
    lower, upper = times.parameter(body["timeMin"], "timeMin"), times.parameter(body["timeMax"], "timeMax")
    if upper <= lower:
        raise Problem(400, "timeRangeEmpty", "The specified time range is empty.", "timeMax", domain="calendar")
    if upper - lower > RANGE:
        raise Problem(400, "timeRangeTooLong", "The requested time range is too long.", "timeMax", domain="calendar")
    return lower, upper


def _ids(body: dict[str, Any]) -> list[str]:
    items = body.get("items") or []
    if not isinstance(items, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in items
    ):
        raise Problem(400, "parseError", "Parse Error: items")
    return list(dict.fromkeys(one["id"] for one in items))
