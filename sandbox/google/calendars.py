"""The calendars and their events, as one memory with a change counter (the source of ETags and sync tokens).

Events are stored whole, cancelled ones included: a deleted id stays taken. Which calendar ids exist is decided here:
any id on first use (`open`), or only those named beforehand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.google.problems import not_found
from sandbox.local import clock

Event = dict[str, Any]


@dataclass(slots=True)
class Kept:
    """One event in the book: `body` holds Google's fields (times in UTC), the rest is ours."""

    body: Event
    change: int
    seeded: bool = False
    deleted: bool = False  # by events.delete, which locks it against edits; a patched status does not

    @property
    def etag(self) -> str:
        return f'"{3500000000000000 + self.change}"'

    @property
    def cancelled(self) -> bool:
        return bool(self.body["status"] == "cancelled")


@dataclass(slots=True)
class Calendar:
    id: str
    zone: str
    events: dict[str, Kept] = field(default_factory=dict)


@dataclass(slots=True)
class Calendars:
    open: bool
    zone: str
    seed: Callable[[str, str], Iterator[Event]]
    named: tuple[str, ...] = ()
    books: dict[str, Calendar] = field(default_factory=dict)
    change: int = 0
    sync_floor: int = 0  # sync tokens older than this are expired

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.books = {}
        self.change = self.sync_floor = 0
        for calendar_id in self.named:
            self._create(calendar_id)

    def get(self, calendar_id: str) -> Calendar:
        found = self.books.get(calendar_id)
        if found is None and not (self.open and calendar_id):
            raise not_found()
        return found or self._create(calendar_id)

    def keep(self, calendar: Calendar, body: Event, *, seeded: bool = False, deleted: bool = False) -> Kept:
        """Store this state of an event under the next change number."""
        self.change += 1
        kept = Kept(body | {"updated": clock.rfc3339(clock.now())}, self.change, seeded, deleted)
        calendar.events[body["id"]] = kept
        return kept

    def find(self, calendar: Calendar, event_id: str) -> Kept:
        found = calendar.events.get(event_id)
        if found is None:
            raise not_found()
        return found

    def _create(self, calendar_id: str) -> Calendar:
        where = "Australia/Sydney" if calendar_id.endswith(".au") else self.zone
        calendar = self.books[calendar_id] = Calendar(calendar_id, where)
        for body in self.seed(calendar_id, where):
            self.keep(calendar, body, seeded=True)
        return calendar


def as_list_entry(calendar: Calendar, role: str, primary: bool) -> dict[str, Any]:
    return {
        "kind": "calendar#calendarListEntry",
        "etag": f'"{1700000000000000 + len(calendar.id)}"',
        "id": calendar.id,
        "summary": calendar.id,
        "timeZone": calendar.zone,
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": role,
        "defaultReminders": [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    } | ({"primary": True} if primary else {})


def as_calendar(calendar: Calendar) -> dict[str, Any]:
    return {
        "kind": "calendar#calendar",
        "etag": f'"{1700000000000000 + len(calendar.id)}"',
        "id": calendar.id,
        "summary": calendar.id,
        "timeZone": calendar.zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
