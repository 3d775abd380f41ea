"""What an event may say: checks the writable fields of a body and brings them into their stored form.

Unknown and read-only fields are dropped in silence, as Google does; wrong types and contradictions answer 400.
"""

import re
from typing import Any

from sandbox.google import times
from sandbox.google.problems import Problem, invalid

_ID = re.compile(r"[a-v0-9]{5,1024}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_WRITABLE: dict[str, type | tuple[type, ...]] = {
    "summary": str,
    "description": str,
    "location": str,
    "colorId": str,
    "status": str,
    "transparency": str,
    "visibility": str,
    "eventType": str,
    "attendees": list,
    "start": dict,
    "end": dict,
    "extendedProperties": dict,
    "reminders": dict,
    "source": dict,
    "guestsCanInviteOthers": bool,
    "guestsCanModify": bool,
    "guestsCanSeeOtherGuests": bool,
    "anyoneCanAddSelf": bool,
    "sequence": int,
}
_CHOICES = {
    "status": {"confirmed", "tentative", "cancelled"},
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
    "eventType": {"default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail"},
}
# Documented limits of extended properties: longer keys are dropped, longer values truncated, both in silence.
_KEY_CHARS, _VALUE_CHARS = 44, 1024


def chosen_id(body: dict[str, Any]) -> str | None:
    """The client's own id, checked; `id` and `iCalUID` together are refused."""
    event_id = body.get("id")
    if event_id is None:
        return None
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.")
    if body.get("iCalUID"):
        raise invalid("Only one of id and iCalUID may be supplied.")
    return event_id


def writable(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body that a client may set, each of the right type; None means "clear it"."""
    if body.get("recurrence"):
        raise invalid("The sandbox keeps no recurring events.", "recurrence")
    if not isinstance(body.get("conferenceData") or {}, dict):
        raise Problem(400, "parseError", "Parse Error: invalid value for conferenceData")
    fields = {name: body[name] for name in _WRITABLE if name in body}
    for name, value in fields.items():
        wrong_bool = isinstance(value, bool) and _WRITABLE[name] is int
        if value is not None and (wrong_bool or not isinstance(value, _WRITABLE[name])):
            raise Problem(400, "parseError", f"Parse Error: invalid value for {name}")
        if value is not None and name in _CHOICES and value not in _CHOICES[name]:
            raise invalid(f"Invalid value for: {name}", name)
    return fields


def settled(event: dict[str, Any], calendar_zone: str) -> dict[str, Any]:
    """A whole event after a write, with every part checked and in stored form."""
    start, end = times.parse(event.get("start"), "start"), times.parse(event.get("end"), "end")
    if ("date" in start) != ("date" in end):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if times.instant(end, calendar_zone) <= times.instant(start, calendar_zone):
        raise Problem(400, "timeRangeEmpty", "The specified time range is empty.", "timeMax", domain="calendar")
    settled_event = event | {"start": start, "end": end}
    if event.get("attendees"):
        settled_event["attendees"] = [_attendee(one) for one in event["attendees"]]
    if event.get("extendedProperties"):
        settled_event["extendedProperties"] = _properties(event["extendedProperties"])
    return settled_event


def merged(event: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Patch semantics: objects merge, arrays are replaced, null removes."""
    result = dict(event)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = value
    return result


def _attendee(given: Any) -> dict[str, Any]:
    email = given.get("email") if isinstance(given, dict) else None
    if not email:
        raise Problem(400, "required", "Missing attendee email.")
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise invalid("Invalid attendee email.")
    known = {name: given[name] for name in ("displayName", "optional", "comment", "additionalGuests") if name in given}
    return {"email": email.lower(), "responseStatus": given.get("responseStatus", "needsAction")} | known


def _properties(given: dict[str, Any]) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for side in ("private", "shared"):
        pairs = given.get(side) or {}
        if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
            raise Problem(400, "parseError", f"Parse Error: extendedProperties.{side} holds strings")
        short = {key: value[:_VALUE_CHARS] for key, value in pairs.items() if len(key) <= _KEY_CHARS}
        if short:
            kept[side] = short
    return kept
