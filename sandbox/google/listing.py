"""Reading events: the filters of events.list, its pages, and its sync tokens.

A sync token names a change number; what changed since is listed, cancelled events as bare ids. A token from before
`sync_floor`, or of another calendar, answers 410 `fullSyncRequired`.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.google import times
from sandbox.google.calendars import Calendar, Calendars, Event, Kept
from sandbox.google.events import shown
from sandbox.google.problems import Problem, invalid
from sandbox.local import clock

_NOT_WITH_SYNC = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
# A restricted or ordered query is no base for a sync: Google leaves nextSyncToken out.
_NO_TOKEN_WITH = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")


@dataclass(frozen=True, slots=True)
class Query:
    """The query string of events.list, `repeated` holding the extended property filters."""

    plain: dict[str, str]
    private: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    def given(self, names: tuple[str, ...]) -> list[str]:
        repeated = {"privateExtendedProperty": self.private, "sharedExtendedProperty": self.shared}
        return [name for name in names if name in self.plain or repeated.get(name)]

    def flag(self, name: str) -> bool:
        return self.plain.get(name, "").lower() == "true"


def page(calendars: Calendars, calendar: Calendar, query: Query, role: str) -> dict[str, Any]:
    """One answer of events.list."""
    size = _size(query)
    since = _since(calendars, calendar, query)
    offset, ceiling = _offset(calendars, query)
    chosen = _chosen(calendar, query, since)
    part = chosen[offset : offset + size]
    answer = {
        "kind": "calendar#events",
        "etag": f'"p{calendars.change}"',
        "summary": calendar.id,
        "updated": clock.rfc3339(clock.now()),
        "timeZone": query.plain.get("timeZone", calendar.zone),
        "accessRole": role,
        "defaultReminders": [],
        "items": [_item(kept, calendar, query, since is not None) for kept in part],
    }
    if offset + size < len(chosen):
        return answer | {"nextPageToken": _pack({"offset": offset + size, "ceiling": ceiling})}
    if query.given(_NO_TOKEN_WITH):
        return answer
    return answer | {"nextSyncToken": _pack({"calendar": calendar.id, "change": ceiling})}


def _chosen(calendar: Calendar, query: Query, since: int | None) -> list[Kept]:
    if since is not None:
        return sorted((k for k in calendar.events.values() if k.change > since), key=lambda k: k.change)
    order = query.plain.get("orderBy")
    if order not in (None, "startTime", "updated"):
        raise invalid("Invalid value for: orderBy", "orderBy")
    if order == "startTime" and not query.flag("singleEvents"):
        raise Problem(400, "badRequest", "The requested ordering is not available for the particular query.", "orderBy")
    kept = [one for one in calendar.events.values() if _passes(one, calendar, query)]
    if order == "startTime":
        return sorted(kept, key=lambda one: times.instant(one.body["start"], calendar.zone))
    return sorted(kept, key=lambda one: one.change)


def _passes(kept: Kept, calendar: Calendar, query: Query) -> bool:
    plain, body = query.plain, kept.body
    updated_min = _instant(plain, "updatedMin")
    wants_deleted = query.flag("showDeleted") or updated_min is not None
    lower, upper = _instant(plain, "timeMin"), _instant(plain, "timeMax")
    if lower and upper and upper <= lower:
        raise Problem(400, "timeRangeEmpty", "The specified time range is empty.", "timeMax", domain="calendar")
    return (
        (wants_deleted or not kept.cancelled)
        and (lower is None or times.instant(body["end"], calendar.zone) > lower)
        and (upper is None or times.instant(body["start"], calendar.zone) < upper)
        and (updated_min is None or datetime.fromisoformat(body["updated"]) >= updated_min)
        and plain.get("iCalUID") in (None, body["iCalUID"])
        and _mentions(body, plain.get("q", ""))
        and _has_properties(body, "private", query.private)
        and _has_properties(body, "shared", query.shared)
    )


def _mentions(body: Event, words: str) -> bool:
    guests = " ".join(f"{one['email']} {one.get('displayName', '')}" for one in body.get("attendees", []))
    text = " ".join([body.get("summary", ""), body.get("description", ""), body.get("location", ""), guests]).lower()
    return all(word in text for word in words.lower().split())


def _has_properties(body: Event, side: str, wanted: tuple[str, ...]) -> bool:
    held = body.get("extendedProperties", {}).get(side, {})
    for pair in wanted:
        name, equals, value = pair.partition("=")
        if not equals:
            raise invalid(f"Invalid value for: {side}ExtendedProperty", f"{side}ExtendedProperty")
        if held.get(name) != value:
            return False
    return True


def _item(kept: Kept, calendar: Calendar, query: Query, syncing: bool) -> Event:
    if syncing and kept.cancelled:
        return {"kind": "calendar#event", "etag": kept.etag, "id": kept.body["id"], "status": "cancelled"}
    return shown(kept, calendar.zone, query.plain.get("timeZone"))


def _since(calendars: Calendars, calendar: Calendar, query: Query) -> int | None:
    token = query.plain.get("syncToken")
    if token is None:
        return None
    clash = query.given(_NOT_WITH_SYNC)
    if clash:
        raise Problem(400, "badRequest", "Sync token cannot be used with other query restrictions.", clash[0])
    if query.plain.get("showDeleted", "").lower() == "false":
        raise Problem(400, "badRequest", "Cannot hide deleted events while using a sync token.", "showDeleted")
    held = _unpack(token)
    if held.get("calendar") != calendar.id or not calendars.sync_floor <= held.get("change", -1) <= calendars.change:
        raise Problem(
            410,
            "fullSyncRequired",
            "Sync token is no longer valid, a full sync is required.",
            "syncToken",
            domain="calendar",
        )
    return int(held["change"])


def _offset(calendars: Calendars, query: Query) -> tuple[int, int]:
    token = query.plain.get("pageToken")
    if token is None:
        return 0, calendars.change
    held = _unpack(token)
    if "offset" not in held:
        raise invalid("Invalid page token value.", "pageToken")
    return int(held["offset"]), int(held["ceiling"])


def _size(query: Query) -> int:
    text = query.plain.get("maxResults", "250")
    if not text.isdigit() or int(text) < 1:
        raise invalid("Invalid value for: maxResults", "maxResults")
    return min(int(text), 2500)


def _instant(plain: dict[str, str], name: str) -> datetime | None:
    return times.parameter(plain[name], name) if name in plain else None


def _pack(held: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode()


def _unpack(token: str) -> dict[str, Any]:
    try:
        held = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
