"""Calling hours: the strictest reading over every layer of windows and every zone the lead may be in.

A window is wall time, half-open. Where a clock change makes it unclear, it opens at the later instant and closes at the
earlier one, so an answer is never outside the wall-clock window in any zone. A call must be answered, not only placed,
before the close: `GUARD` is taken off the end. Pure; zones come from the pinned tzdata.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo

from campaign.file import Hours

GUARD = timedelta(seconds=90)
HORIZON = timedelta(days=14)
FLOOR = Hours.model_validate({"all": ["08:00-21:00"]})
"""The house floor, whatever a campaign asks for (US federal window, 47 CFR 64.1200(c)(1))."""


def next_open(layers: Sequence[Hours], zones: Collection[str], now: datetime) -> datetime | None:
    """The first instant from `now` on when every layer is open in every zone; None when there is none in 14 days."""
    if not zones:
        return None
    moment, last = now, now + HORIZON
    while moment <= last:
        later = max(_opening(layer, zone, moment, last) for layer, zone in product(layers, sorted(zones)))
        if later == moment:
            return moment
        moment = later
    return None


def next_day(zones: Collection[str], now: datetime) -> datetime:
    """When it is tomorrow in every zone."""
    return max(_midnight_after(zone, now) for zone in zones)


def local_dates(zones: Collection[str], moment: datetime) -> set[tuple[str, date]]:
    return {(zone, moment.astimezone(_zone(zone)).date()) for zone in zones}


def interval(zone: str, day: date, opens: time, closes: time) -> tuple[datetime, datetime] | None:
    """A wall-clock window of a day as UTC instants, an end of 00:00 being the day's end; None when empty."""
    end_day = day + timedelta(days=1) if closes == time(0) else day
    start = max(_instants(zone, datetime.combine(day, opens)))
    end = min(_instants(zone, datetime.combine(end_day, closes)))
    return (start, end) if start < end else None


def _opening(hours: Hours, zone: str, moment: datetime, last: datetime) -> datetime:
    for start, end in _windows(hours, zone, moment):
        if moment < end - GUARD:
            return max(start, moment)
    return last + timedelta(days=1)


def _windows(hours: Hours, zone: str, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From yesterday's windows on, joined where one ends as the next begins, so that no guard falls between them."""
    first = moment.astimezone(_zone(zone)).date() - timedelta(days=1)
    open_from: tuple[datetime, datetime] | None = None
    for offset in range(HORIZON.days + 3):
        day = first + timedelta(days=offset)
        for opens, closes in sorted(hours.on(day.weekday())):
            window = interval(zone, day, opens, closes)
            if window is None:
                continue
            if open_from and window[0] <= open_from[1]:
                open_from = (open_from[0], max(open_from[1], window[1]))
                continue
            if open_from:
                yield open_from
            open_from = window
    if open_from:
        yield open_from


def _midnight_after(zone: str, moment: datetime) -> datetime:
    tomorrow = moment.astimezone(_zone(zone)).date() + timedelta(days=1)
    return max(_instants(zone, datetime.combine(tomorrow, time(0))))


def _instants(zone: str, wall: datetime) -> tuple[datetime, ...]:
    """The instants a wall time can mean: one, two where it repeats, and the jump itself where it does not exist."""
    info = _zone(zone)
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


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
