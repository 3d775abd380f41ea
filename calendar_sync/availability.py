"""Who is busy when: Google's free/busy, remembered for some seconds, plus our own holds, which are always read fresh.

Queries are split at Google's limits. A calendar that cannot be read is left out, which means busy, and the alarm is
raised once: an error in the log and a problem on its `CalendarMirror`.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from calendar_sync import holds
from calendar_sync.google import FREEBUSY_CALENDARS, GoogleCalendar
from calendar_sync.spans import Span, merged
from campaign import clock
from campaign.database import Database

log = structlog.get_logger()

FRESH_S = 20.0
"""How old an offer's knowledge may be; booking never trusts it and asks again."""
RANGE = timedelta(days=90)
"""Longer free/busy queries are refused ("requested time range is too long"); the limit is undocumented."""


@dataclass(frozen=True, slots=True)
class Reading:
    at: float
    """`clock.monotonic()` when it was asked for."""
    start: datetime
    end: datetime
    busy: list[Span]


class Availability:
    """Thread-safe. Threads that want the same calendars at once share one query."""

    def __init__(self, google: GoogleCalendar, database: Database) -> None:
        self._google = google
        self._database = database
        self._readings: dict[str, Reading] = {}
        self._problems: dict[str, str] = {}
        self._asking: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)

    def read(self, calendars: Sequence[str], start: datetime, end: datetime, now: datetime) -> dict[str, list[Span]]:
        """Busy times of the calendars that could be read, our own holds included."""
        self.refresh(calendars, start, end, now)
        with self._database.reading() as session:
            own = holds.taken(session, calendars, start, end)
        known = {calendar: self._readings.get(calendar) for calendar in calendars}
        return {calendar: merged([*found.busy, *own[calendar]]) for calendar, found in known.items() if found}

    def refresh(self, calendars: Sequence[str], start: datetime, end: datetime, now: datetime) -> None:
        """Ask Google about those calendars whose last reading is too old or too short."""
        with self._asking[tuple(calendars)]:
            stale = [calendar for calendar in calendars if not self._covers(calendar, start, end)]
            if not stale:
                return
            asked = clock.monotonic()
            periods: dict[str, list[Span]] = {}
            unreadable: dict[str, str] = {}
            for some, low, high in questions(stale, start, end):
                answer = self._google.busy(some, low, high)
                unreadable.update(answer.unreadable)
                for calendar, spans in answer.periods.items():
                    periods.setdefault(calendar, []).extend(spans)
            for calendar in stale:
                self._readings.pop(calendar, None)
                if calendar not in unreadable:
                    self._readings[calendar] = Reading(asked, start, end, merged(periods[calendar]))
            self._report({calendar: unreadable.get(calendar, "") for calendar in stale}, now)

    def forget(self, calendar: str) -> None:
        """Something changed there."""
        self._readings.pop(calendar, None)

    def _covers(self, calendar: str, start: datetime, end: datetime) -> bool:
        reading = self._readings.get(calendar)
        return bool(
            reading and clock.monotonic() - reading.at < FRESH_S and reading.start <= start and end <= reading.end
        )

    def _report(self, problems: Mapping[str, str], now: datetime) -> None:
        """Write down only what changed: lookups happen while somebody waits on the phone."""
        changed = {calendar: why for calendar, why in problems.items() if self._problems.get(calendar) != why}
        for calendar, why in changed.items():
            if why:
                log.error("calendar cannot be read; its person gets no meetings", calendar=calendar, reason=why)
        first_news = {calendar: why for calendar, why in changed.items() if why or calendar in self._problems}
        if first_news:
            with self._database.transaction() as session:
                for calendar, why in sorted(first_news.items()):
                    mirror = holds.mirror(session, calendar)
                    mirror.problem, mirror.problem_at = why, now if why else None
                    session.add(mirror)
        self._problems.update(changed)


def questions(
    calendars: Sequence[str], start: datetime, end: datetime
) -> Iterator[tuple[Sequence[str], datetime, datetime]]:
    """The query cut into pieces Google accepts."""
    for first in range(0, len(calendars), FREEBUSY_CALENDARS):
        low = start
        while low < end:
            high = min(low + RANGE, end)
            yield calendars[first : first + FREEBUSY_CALENDARS], low, high
            low = high
