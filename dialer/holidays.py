"""Days on which a jurisdiction's calls must not ring, from rules rather than dates, so that next year is covered too.

A rule is `MM-DD`, `3#MON-01` (third Monday of January), `L#MON-05` (last), `E-2` (days from Easter Sunday), `ELECTION`
(Tuesday after the first Monday of November, even years) or `2027-06-25` (proclaimed, as for lunar calendars); `+1` behind a
weekday rule is the day after. `04-25@none` is observed otherwise than the rest of its list. An observed day is closed as
well as the day itself. (compliance.md, section 6)
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
SATURDAY, SUNDAY = 5, 6
_FIXED = re.compile(r"^(\d\d)-(\d\d)$")
_WEEKDAY = re.compile(r"^([1-5L])#([A-Z]{3})-(\d\d)(?:\+(\d))?$")
_EASTER = re.compile(r"^E([+-]\d{1,2})$")
_PROCLAIMED = re.compile(r"^\d{4}-\d\d-\d\d$")
LEAP_YEAR = 2028

Rule = Callable[[int], date | None]


@dataclass(frozen=True, slots=True)
class Holidays:
    """A list of closed days; `day in holidays` asks for one. Dates are worked out once a year and list."""

    rules: tuple[tuple[Rule, str], ...] = ()
    """Each with how it is observed: one of `OBSERVED`."""
    known_until: date | None = None
    """Where days are proclaimed year by year: whatever lies behind is closed until somebody has added it."""
    _years: dict[int, frozenset[date]] = field(default_factory=dict, compare=False, repr=False)

    def __contains__(self, day: object) -> bool:
        if not self.rules or not isinstance(day, date):
            return False
        return day in self.within(day.year) or (self.known_until is not None and day > self.known_until)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def within(self, year: int) -> frozenset[date]:
        """All closed days of a year, those observed for a holiday of a neighbouring year included."""
        found = self._years.get(year)
        if found is None:
            near = (day for one in (year - 1, year, year + 1) for day in self._closed(one))
            found = self._years[year] = frozenset(day for day in near if day.year == year)
        return found

    def _closed(self, year: int) -> set[date]:
        named = [(day, observed) for rule, observed in self.rules if (day := rule(year))]
        closed = {day for day, _ in named}
        for day, observed in sorted(named):
            closed.update(OBSERVED[observed](day, closed))
        return closed


def parse(texts: list[str], observed: str, known_until: date | None = None) -> Holidays:
    """Read a row's list. Raises `ValueError` naming the rule nobody knows."""
    if observed not in OBSERVED:
        raise ValueError(f"unknown way to observe holidays {observed!r}; use {', '.join(OBSERVED)}")
    rules = []
    for text in texts:
        rule, _, own = text.partition("@")
        if own and own not in OBSERVED:
            raise ValueError(f"unknown way to observe holidays {own!r}; use {', '.join(OBSERVED)}")
        rules.append((_rule(rule), own or observed))
    return Holidays(tuple(rules), known_until)


def _rule(text: str) -> Rule:
    if found := _FIXED.match(text):
        month, day = int(found[1]), int(found[2])
        try:
            date(LEAP_YEAR, month, day)
        except ValueError as error:
            raise ValueError(f"holiday {text!r} is no day of the year") from error
        return partial(_fixed, month, day)
    if (found := _WEEKDAY.match(text)) and found[2] in DAYS and 1 <= int(found[3]) <= 12:
        return partial(_weekday, found[1], DAYS.index(found[2]), int(found[3]), int(found[4] or 0))
    if found := _EASTER.match(text):
        return partial(_from_easter, int(found[1]))
    if text == "ELECTION":
        return _election
    if _PROCLAIMED.match(text):
        return partial(_proclaimed, date.fromisoformat(text))
    raise ValueError(f"unknown holiday rule {text!r}; use MM-DD, 3#MON-01, L#MON-05, E-2, ELECTION or YYYY-MM-DD")


def _fixed(month: int, day: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # 29 February
        return None


def _weekday(which: str, weekday: int, month: int, after: int, year: int) -> date | None:
    """The nth or last weekday of a month, and so many days later; None in a month without a fifth."""
    if which == "L":
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7) + timedelta(days=after)
    first = date(year, month, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (int(which) - 1))
    return day + timedelta(days=after) if day.month == month else None


def _from_easter(days: int, year: int) -> date:
    return easter(year) + timedelta(days=days)


def _election(year: int) -> date | None:
    monday = _weekday("1", 0, 11, 0, year)
    return monday + timedelta(days=1) if monday and year % 2 == 0 else None


def _proclaimed(day: date, year: int) -> date | None:
    return day if day.year == year else None


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus of 1876)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap, skipped = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * skipped + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _not_moved(_day: date, _closed: set[date]) -> Iterator[date]:
    yield from ()


def _sunday_to_monday(day: date, _closed: set[date]) -> Iterator[date]:
    if day.weekday() == SUNDAY:
        yield day + timedelta(days=1)


def _weekend_to_weekday(day: date, closed: set[date]) -> Iterator[date]:
    yield from _sunday_to_monday(day, closed)
    if day.weekday() == SATURDAY:
        yield day - timedelta(days=1)


def _next_free_weekday(day: date, closed: set[date]) -> Iterator[date]:
    """As in Australia, Britain and New Zealand: the next weekday that is not a holiday already."""
    if day.weekday() < SATURDAY:
        return
    while day.weekday() >= SATURDAY or day in closed:
        day += timedelta(days=1)
    yield day


OBSERVED: dict[str, Callable[[date, set[date]], Iterator[date]]] = {
    "none": _not_moved,
    "sun_mon": _sunday_to_monday,
    "sat_fri_sun_mon": _weekend_to_weekday,
    "next_weekday": _next_free_weekday,
}
