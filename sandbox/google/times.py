"""Event times: reading `{dateTime, timeZone}` or `{date}`, and printing them in the zone a response asks for."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.google.problems import Problem, invalid, required

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def zone(name: str, location: str = "timeZone") -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid(f"Invalid time zone definition: {name}", location) from error


def parameter(text: str, location: str) -> datetime:
    """A query's instant: RFC 3339 with a mandatory offset."""
    found = _RFC3339.fullmatch(text)
    if not found or not found[2]:
        raise Problem(400, "badRequest", "Bad Request", location)
    return _parsed(text, location).astimezone(UTC)


def parse(value: Any, side: str) -> dict[str, Any]:
    """The stored form of an event's start or end; the local `dateTime` is kept with an offset."""
    if not isinstance(value, dict) or not (value.get("dateTime") or value.get("date")):
        raise required(f"Missing {side} time.", side)
    if value.get("dateTime") and value.get("date"):
        raise invalid(f"Invalid {side} time.", side)
    if value.get("date"):
        if not isinstance(value["date"], str) or not _DATE.fullmatch(value["date"]):
            raise invalid(f"Invalid {side} time.", side)
        _parsed(value["date"], side)
        return {"date": value["date"]}
    return _timed(value, side)


def _timed(value: dict[str, Any], side: str) -> dict[str, Any]:
    text, name = value["dateTime"], value.get("timeZone")
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise invalid(f"Invalid value for: {side}", side)
    where = zone(name, side) if name else None
    moment = _parsed(text, side)
    if moment.tzinfo is None:
        if where is None:
            raise required(f"Missing time zone definition for {side} time.", side)
        moment = moment.replace(tzinfo=where)
    stored = {"dateTime": moment.astimezone(UTC).isoformat()}
    return stored | ({"timeZone": name} if name else {})


def instant(stored: dict[str, Any], calendar_zone: str) -> datetime:
    """When a start or end is; all-day dates are midnights of the calendar's zone."""
    if "date" in stored:
        return datetime.combine(date.fromisoformat(stored["date"]), time(), ZoneInfo(calendar_zone)).astimezone(UTC)
    return datetime.fromisoformat(stored["dateTime"])


def rendered(stored: dict[str, Any], calendar_zone: str, asked_zone: str | None) -> dict[str, Any]:
    """As Google prints it: `dateTime` in the zone asked for (else the calendar's), with that zone's offset."""
    if "date" in stored:
        return dict(stored)
    shown = in_zone(datetime.fromisoformat(stored["dateTime"]), asked_zone or calendar_zone)
    return {"dateTime": shown, "timeZone": stored.get("timeZone", calendar_zone)}


def in_zone(moment: datetime, name: str) -> str:
    return moment.astimezone(zone(name)).isoformat(timespec="seconds").replace("+00:00", "Z")


def _parsed(text: str, side: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise invalid(f"Invalid value for: {side}", side) from error
