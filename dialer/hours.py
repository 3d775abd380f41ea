"""Weekly windows in one place: wall time, half-open, strict about clock changes and holidays.

Where a clock change makes a window unclear, it opens at the later instant and closes at the earlier one, so an answer is
never outside the wall-clock window. A call must be answered, not only placed, before the close: the guard is taken off the
end, but not where one window goes on as the next begins. Pure; zones come from the pinned tzdata.
"""

import calendar
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from campaign.zones import zone

DAY = 24 * 60
ONE_DAY = timedelta(days=1)
KEPT_DAYS = 512

Span = tuple[int, int]
"""Minutes of the wall-clock day, half-open; `DAY` is its end."""
Week = tuple[tuple[Span, ...], ...]
"""Spans of each day, Monday first."""
Interval = tuple[datetime, datetime]

CLOSED: tuple[Span, ...] = ()


def spans(texts: Iterable[tuple[str, str]]) -> tuple[Span, ...]:
    """`("09:00", "12:00")` pairs as spans in order, joined where they touch or overlap; an end of 00:00 is the day's."""
    joined: list[Span] = []
    for opens, closes in sorted((_minute(a), _minute(b) or DAY) for a, b in texts):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return tuple(joined)


def week(days: Mapping[str, Iterable[tuple[str, str]]], names: Iterable[str]) -> Week:
    """A week from spans by day name, `names` being Monday's to Sunday's; a day not named is closed."""
    return tuple(spans(days.get(name, ())) for name in names)


@dataclass(slots=True, eq=False)
class Opening:
    """A week of windows in one zone, with its holidays. Knows days it was asked about, so ask the same one again."""

    zone: str
    week: Week
    holidays: Container[date] = frozenset()
    on_holidays: tuple[Span, ...] = CLOSED
    _days: dict[date, tuple[Interval, ...]] = field(default_factory=dict, repr=False)

    def next(self, moment: datetime, guard: timedelta, last: datetime) -> datetime | None:
        """The first instant from `moment` on that is open and stays so for more than `guard`; None when `last` comes first."""
        info = zone(self.zone)
        day, end_day = moment.astimezone(info).date(), last.astimezone(info).date()
        while day <= end_day:
            for start, end in self.on(day):
                found = start if start > moment else moment
                if found + guard < end or (found < end and found + guard < self._goes_on(day, end)):
                    return found
            day += ONE_DAY
        return None

    def until(self, moment: datetime) -> datetime:
        """When the window closes that `moment` lies in."""
        day = moment.astimezone(zone(self.zone)).date()
        end = next(end for start, end in self.on(day) if start <= moment < end)
        return self._goes_on(day, end)

    def on(self, day: date) -> tuple[Interval, ...]:
        """The windows that open on a local day, as instants."""
        found = self._days.get(day)
        if found is None:
            found = tuple(one for opens, closes in self._named(day) if (one := interval(self.zone, day, opens, closes)))
            if len(self._days) >= KEPT_DAYS:
                self._days.clear()
            self._days[day] = found
        return found

    def _named(self, day: date) -> tuple[Span, ...]:
        return self.on_holidays if day in self.holidays else self.week[day.weekday()]

    def _goes_on(self, day: date, end: datetime) -> datetime:
        """When a window that reaches midnight really closes."""
        named = self._named(day)
        if not named or named[-1][1] != DAY:
            return end
        following = self.on(day + ONE_DAY)
        return following[0][1] if following and following[0][0] == end else end


@dataclass(slots=True, eq=False)
class Joint:
    """Several openings that must all be open, a guard taken off the end of each. Remembers what it found."""

    openings: tuple[Opening, ...]
    guard: timedelta
    _starts: list[datetime] = field(default_factory=list, repr=False)
    _stretches: list[Interval] = field(default_factory=list, repr=False)
    """From each start on, and until the second instant, the answer is the first instant, or now where that is past."""

    def next(self, moment: datetime, last: datetime) -> datetime | None:
        """The first instant from `moment` on when all are open; None when `last` comes first."""
        place = bisect_right(self._starts, moment)
        if place and moment < self._stretches[place - 1][1]:
            opens = self._stretches[place - 1][0]
            return opens if opens > moment else moment
        found = self._all_open(moment, last)
        if found is not None:
            self._remember(place, moment, found)
        return found

    def _remember(self, place: int, moment: datetime, opens: datetime) -> None:
        if place < len(self._starts) and self._stretches[place][0] <= opens:
            self._starts[place] = moment  # the stretch that is known begins earlier than we knew
            return
        if len(self._starts) >= KEPT_DAYS:
            self._starts.clear()
            self._stretches.clear()
            place = 0
        until = min(one.until(opens) for one in self.openings) - self.guard
        self._starts.insert(place, moment)
        self._stretches.insert(place, (opens, until))

    def _all_open(self, moment: datetime, last: datetime) -> datetime | None:
        while True:
            before = moment
            for one in self.openings:
                later = one.next(moment, self.guard, last)
                if later is None:
                    return None
                moment = later
            if moment == before:
                return moment


@lru_cache(maxsize=4096)
def joint(openings: tuple[Opening, ...], guard: timedelta) -> Joint:
    """The one `Joint` of these openings."""
    return Joint(openings, guard)


@lru_cache(maxsize=256)
def opening(zone_name: str, windows: Week) -> Opening:
    """The one `Opening` of a week without holidays in a zone."""
    return Opening(zone_name, windows)


def next_day(zones: Collection[str], now: datetime) -> datetime:
    """When it is tomorrow in every zone."""
    return max(midnight_after(name, now) for name in zones)


def months_later(at: datetime, months: int) -> datetime:
    """The same time of the same day so many months on; of the month's last day where there is none such."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def midnight_after(name: str, moment: datetime) -> datetime:
    """When the next day of a zone has surely begun."""
    return begins(name, moment.astimezone(zone(name)).date() + ONE_DAY)


def begins(name: str, day: date) -> datetime:
    """When a day of a zone has surely begun."""
    return max(_instants(zone(name), datetime.combine(day, time(0))))


def interval(name: str, day: date, opens: int, closes: int) -> Interval | None:
    """A wall-clock window of a day as UTC instants; None when empty."""
    info = zone(name)
    midnight = datetime.combine(day, time(0), info)
    offset = midnight.utcoffset()
    if (
        offset == (midnight + ONE_DAY).utcoffset()
    ):  # no clock change on this day: 24:00 reads the next day's first offset
        start = datetime.combine(day, time(0), UTC) - (offset or timedelta(0))
        return (start + timedelta(minutes=opens), start + timedelta(minutes=closes)) if opens < closes else None
    midnight = midnight.replace(tzinfo=None)
    start = max(_instants(info, midnight + timedelta(minutes=opens)))
    end = min(_instants(info, midnight + timedelta(minutes=closes)))
    return (start, end) if start < end else None


def _instants(info: ZoneInfo, wall: datetime) -> tuple[datetime, ...]:
    """The instants a wall time can mean: one, two where it repeats, and the jump itself where it does not exist."""
    first, second = (wall.replace(tzinfo=info, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first, second
    return (_jump(info, second, first),)


def _jump(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant the clock springs forward, between two instants on either side of it."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if middle.astimezone(info).utcoffset() == before.astimezone(info).utcoffset():
            before = middle
        else:
            after = middle
    return after


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
