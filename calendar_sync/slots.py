"""Which meeting times to offer: pure arithmetic over working hours, busy times and the lead's own day.

A slot lies inside one window of the person's hours (their zone), between 08:00 and 20:00 for the lead, clear of busy
times by the campaign's buffer, after its notice and within its horizon. Offers are spread over half-days and people.
A calendar missing from `busy` is one nobody could read: it has no free slots.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calendar_sync.spans import DAY, Span, common, merged, window, without
from campaign.file import Campaign, Person

Busy = Mapping[str, Sequence[Span]]
Half = tuple[date, bool]
"""A day of the lead's and whether it is the afternoon."""

POLITE = (time(8), time(20))
NOON = time(12)
APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One meeting time with one person; aware UTC."""

    person: str
    calendar: str
    starts_at: datetime
    ends_at: datetime


def free_slots(
    campaign: Campaign,
    busy: Busy,
    zone: str,
    now: datetime,
    *,
    limit: int,
    prefer: str = "any",
    day: date | None = None,
    avoid: Collection[datetime] = (),
    crowded: Collection[tuple[str, datetime]] = (),
) -> list[Slot]:
    """Up to `limit` slots in order of time.

    `prefer` (morning, afternoon, any) and `day` are in the lead's zone and strict. Starts in `avoid` are never offered,
    `crowded` (calendar, start) pairs only when nothing as good is left.
    """
    lead_zone = zone_or(zone, campaign.timezone)
    refused = {start.astimezone(UTC) for start in avoid}
    halves: dict[Half, list[Slot]] = defaultdict(list)
    for slot in open_slots(campaign, busy, lead_zone, now):
        half = _half(slot.starts_at, lead_zone)
        if slot.starts_at not in refused and _wanted(half, prefer, day):
            halves[half].append(slot)
    load = {person.name: _load(busy.get(person.calendar, ())) for person in campaign.people}
    return _spread(halves, limit, load, frozenset(crowded), lead_zone)


def open_slots(campaign: Campaign, busy: Busy, lead_zone: ZoneInfo, now: datetime) -> Iterator[Slot]:
    """Every slot that could be offered, person by person."""
    meeting = campaign.meeting
    earliest = now.astimezone(UTC) + timedelta(minutes=meeting.notice_minutes)
    latest = now.astimezone(UTC) + DAY * meeting.days_ahead
    polite = merged(span for on in _days(earliest, latest, lead_zone) for span in window(on, *POLITE, lead_zone))
    step, length = timedelta(minutes=meeting.step_minutes), timedelta(minutes=meeting.minutes)
    for person in campaign.people:
        if person.calendar not in busy:
            continue
        taken = _widened(busy[person.calendar], timedelta(minutes=meeting.buffer_minutes))
        for opening in _openings(person, campaign.timezone, earliest, latest):
            free = without(common([opening], polite), taken)
            for start in _starts(opening, free, step, length):
                if earliest <= start <= latest:
                    yield Slot(person.name, person.calendar, start, start + length)


def zone_or(zone: str, fallback: str) -> ZoneInfo:
    """The zone by that name, or the fallback when a form sent nonsense."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(fallback)


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[date]:
    day, end = first.astimezone(zone).date() - DAY, last.astimezone(zone).date() + DAY
    while day <= end:
        yield day
        day += DAY


def _openings(person: Person, team_zone: str, first: datetime, last: datetime) -> Iterator[Span]:
    zone = ZoneInfo(person.timezone or team_zone)
    for day in _days(first, last, zone):
        for opens, closes in person.hours.on(day.weekday()):
            yield from window(day, opens, closes, zone)


def _widened(busy: Sequence[Span], buffer: timedelta) -> list[Span]:
    return merged((start.astimezone(UTC) - buffer, end.astimezone(UTC) + buffer) for start, end in busy)


def _starts(opening: Span, free: Sequence[Span], step: timedelta, length: timedelta) -> Iterator[datetime]:
    """Starts on the opening's own grid whose whole meeting lies in one free span."""
    for start, end in free:
        steps = -((opening[0] - start) // step)
        at = opening[0] + steps * step
        while at + length <= end:
            yield at
            at += step


def _half(start: datetime, zone: ZoneInfo) -> Half:
    local = start.astimezone(zone)
    return local.date(), local.time() >= NOON


def _wanted(half: Half, prefer: str, day: date | None) -> bool:
    return (day is None or half[0] == day) and (
        prefer not in ("morning", "afternoon") or half[1] == (prefer == "afternoon")
    )


def _load(busy: Sequence[Span]) -> timedelta:
    return sum((end - start for start, end in merged(busy)), timedelta())


def _spread(
    halves: Mapping[Half, list[Slot]],
    limit: int,
    load: Mapping[str, timedelta],
    crowded: frozenset[tuple[str, datetime]],
    zone: ZoneInfo,
) -> list[Slot]:
    """Greedy: the cheapest half-day next, then the best slot in it."""
    left = {half: list(slots) for half, slots in halves.items() if slots}
    full = {half for half, slots in left.items() if all((s.calendar, s.starts_at) in crowded for s in slots)}
    chosen: list[Slot] = []
    used: list[Half] = []
    while left and len(chosen) < limit:
        first = min(left)[0] if not used else min(used)[0]
        half = min(left, key=lambda half: (_cost(half, used, first) + 2 * (half in full), half))
        best = min(left[half], key=lambda slot: _rank(slot, chosen, load, crowded, zone))
        chosen.append(best)
        used.append(half)
        left[half] = [slot for slot in left[half] if slot.starts_at != best.starts_at]
        if not left[half]:
            del left[half]
    return sorted(chosen, key=lambda slot: slot.starts_at)


def _cost(half: Half, used: Sequence[Half], first: date) -> float:
    """A point a day of waiting; more for a day, a half-day or (twice running) a part of day already offered."""
    days = Counter(day for day, _ in used)
    same_part = bool(used) and used[-1][1] == half[1]
    return (half[0] - first).days + 2 * days[half[0]] + 1.5 * same_part + 4 * used.count(half)


def _rank(
    slot: Slot,
    chosen: Sequence[Slot],
    load: Mapping[str, timedelta],
    crowded: frozenset[tuple[str, datetime]],
    zone: ZoneInfo,
) -> tuple[bool, bool, bool, datetime, timedelta, int]:
    """Apart from other offers, not on offer elsewhere, on the hour, not at lunch, early, with who has most room."""
    close = any(abs(slot.starts_at - other.starts_at) < APART for other in chosen)
    mine = sum((other.ends_at - other.starts_at for other in chosen if other.person == slot.person), timedelta())
    local = slot.starts_at.astimezone(zone)
    odd = local.minute != 0 or local.hour == NOON.hour
    tie = zlib.crc32(f"{slot.person} {slot.starts_at.isoformat()}".encode())
    seen = (slot.calendar, slot.starts_at) in crowded
    return close, seen, odd, slot.starts_at, load.get(slot.person, timedelta()) + mine, tie
