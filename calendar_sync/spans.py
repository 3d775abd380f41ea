"""Spans of time as half-open pairs of UTC instants, and how wall-clock windows become such spans across clock changes.

An instant lies in a window exactly when its wall time does. Hence a skipped hour yields nothing, a repeated hour counts
twice, and lengths are elapsed time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
DAY = timedelta(days=1)
MIDNIGHT = time(0)


def window(day: date, opens: time, closes: time, zone: ZoneInfo) -> list[Span]:
    """UTC spans of one day's window; `closes` at 00:00 is the day's end. Two spans if the clock goes back around it."""
    start = datetime.combine(day, opens)
    end = datetime.combine(day + DAY if closes == MIDNIGHT else day, closes)
    before, after = (_offset(datetime.combine(midnight, MIDNIGHT), zone) for midnight in (day, day + DAY))
    if before == after:
        return [(_utc(start, before), _utc(end, before))]
    change = _change(day, before, after, zone)
    early = (_utc(start, before), min(_utc(end, before), change))
    late = (max(_utc(start, after), change), _utc(end, after))
    return merged([span for span in (early, late) if span[0] < span[1]])


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with overlapping and touching spans joined and empty ones dropped."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def common(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What lies in both; each side merged."""
    both: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            both.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return both


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What is left of merged `spans` when merged `taken` is cut out."""
    left: list[Span] = []
    j = 0
    for begin, end in spans:
        start = begin
        while j < len(taken) and taken[j][1] <= start:
            j += 1
        k = j
        while k < len(taken) and taken[k][0] < end:
            if start < taken[k][0]:
                left.append((start, taken[k][0]))
            start = max(start, taken[k][1])
            k += 1
        if start < end:
            left.append((start, end))
    return left


def _change(day: date, before: timedelta, after: timedelta, zone: ZoneInfo) -> datetime:
    """The instant within the day at which the zone's offset becomes `after`."""
    low, high = _utc(datetime.combine(day, MIDNIGHT), before), _utc(datetime.combine(day + DAY, MIDNIGHT), after)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
    return low if low.astimezone(zone).utcoffset() == after else high


def _offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    """The earlier of two; at a midnight that is skipped the one before the skip, up to which the old day lasts."""
    offset = wall.replace(tzinfo=zone, fold=0).utcoffset()
    assert offset is not None  # a ZoneInfo always knows
    return offset


def _utc(wall: datetime, offset: timedelta) -> datetime:
    return wall.replace(tzinfo=UTC) - offset
