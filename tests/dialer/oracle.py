"""A slow checker of the decision core that shares nothing with it but the question: it looks at every minute in turn.

Wall clocks are read once for each zone and minute of three stretches around clock changes; a window is painted from the last
minute at which its zone's clock reads the opening to the first at which it reads the close. Then the checker steps: the first
minute with which everything is content is the answer. Cases are drawn from a seed, so that a failure names itself.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 1440
BACK, AHEAD = 3 * MINUTES_A_DAY, 3 * MINUTES_A_DAY
"""How far attempts go back, and how far a moment is looked for."""
LENGTH = BACK + 3 * MINUTES_A_DAY + AHEAD + MINUTES_A_DAY
STARTS = [datetime(2026, 10, 28, tzinfo=UTC), datetime(2027, 3, 10, tzinfo=UTC), datetime(2027, 3, 31, tzinfo=UTC)]
"""Before the autumn and the spring change of North America and the autumn change of Australia."""
CHANGES = (6120, 6180, 5370)
"""About when the clocks change in each, in minutes."""
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Phoenix",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Australia/Perth",
)

Spans = tuple[tuple[int, int], ...]
Week = tuple[Spans, ...]
DAY: Spans = ((480, 1260),)
WEEKS: dict[str, Week] = {
    "floor": (DAY,) * 7,
    "office": (((540, 1200),),) * 5 + (((600, 720), (780, 930)), ()),
    "lunch": (((600, 780), (840, 1200)),) * 5 + ((), ()),
    "late": (((540, 1260),),) * 6 + (((720, 1260),),),
    "sunday": ((),) * 6 + (((600, 1080),),),
    "nights": (((0, 240), (1320, 1440)),) * 7,
    "all day": (((0, 1440),),) * 7,
    "doubtful": (((90, 150), (1200, 1230)),) * 7,
    "before dawn": (((0, 105), (1200, 1230)),) * 7,
}


HOLIDAYS = [
    frozenset(start.date() + timedelta(days=n) for start in STARTS for n in days)
    for days in ((3, 5), (4,), (4, 5, 6), (6,))
]


@dataclass(frozen=True)
class Law:
    week: str
    zones: tuple[str, ...]
    holidays: frozenset[date] = frozenset()
    caps: tuple[tuple[int, int], ...] = ()
    """Calls and minutes."""
    callback: str = "never"
    lock_days: int = 0
    no_recall: bool = False


@dataclass(frozen=True)
class Case:
    """Instants are minutes from `STARTS[stretch]`."""

    stretch: int
    now: int
    laws: tuple[Law, ...]
    guard_s: int = 0
    attempts: tuple[int, ...] = ()
    not_before: int | None = None
    callback: int | None = None
    express: bool = True
    refused: int | None = None
    given: int | None = None
    expires: int | None = None
    revoked: int | None = None
    blackouts: tuple[tuple[int, int], ...] = ()
    campaign: tuple[str, str] | None = None
    gap: int = 0
    per_day: int | None = None
    manners_yield: bool = False
    hung_up: int | None = None
    notes: str = field(default="", compare=False)


Answer = tuple[str, int | None]
"""`ok` with the minute, or the reason for none."""


def draw(seed: int) -> Case:
    """A case whose rules bind often: few places, busy histories, moments near the edges of the day."""
    chance = random.Random(seed)
    stretch = chance.randrange(len(STARTS))
    now = BACK + chance.randrange(2 * MINUTES_A_DAY)
    if chance.random() < 0.2:
        now = CHANGES[stretch] + chance.randrange(-360, 240)
    laws = tuple(_law(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    if chance.random() < 0.3:
        now = _near_an_edge(chance, laws[0], stretch, now)
    early = sorted(now - chance.randrange(1, BACK) for _ in range(chance.choice((0, 0, 1, 2, 3, 4))))
    wanted = now + chance.randrange(-300, 2 * MINUTES_A_DAY) if chance.random() < 0.35 else None
    return Case(
        stretch=stretch,
        now=now,
        laws=laws,
        guard_s=chance.choice((0, 90, 90, 300)),
        attempts=tuple(early),
        not_before=now + chance.randrange(-600, 1500) if chance.random() < 0.2 else None,
        callback=wanted,
        express=chance.random() < 0.7,
        refused=now - chance.randrange(1, BACK) if chance.random() < 0.2 else None,
        given=now + chance.choice((-5000, -5000, 3, 60)) if chance.random() < 0.2 else None,
        expires=now + chance.randrange(-300, 2500) if chance.random() < 0.2 else None,
        revoked=now - chance.randrange(1, 5000) if chance.random() < 0.05 else None,
        blackouts=tuple(_blackouts(chance, now)) if chance.random() < 0.25 else (),
        campaign=(chance.choice(("office", "lunch", "late", "all day")), chance.choice(ZONES))
        if chance.random() < 0.3
        else None,
        gap=chance.choice((0, 0, 15, 120, 240)),
        per_day=chance.choice((None, None, 1, 2)),
        manners_yield=chance.random() < 0.5,
        hung_up=now - chance.randrange(1, BACK) if chance.random() < 0.1 else None,
    )


def _near_an_edge(chance: random.Random, law: Law, stretch: int, now: int) -> int:
    """A moment a few minutes around the opening or close of a window, on the clock of one of its zones."""
    edge = chance.choice([edge for spans in WEEKS[law.week] for span in spans for edge in span])
    wall = _walls(law.zones[0], stretch)[now] % MINUTES_A_DAY
    return max(BACK, now + edge - wall + chance.randrange(-12, 5))


def _law(chance: random.Random) -> Law:
    near = chance.choice((ZONES[:5], ZONES[5:]))
    return Law(
        week=chance.choice(
            ("floor", "floor", "office", "lunch", "late", "sunday", "nights", "all day", "doubtful", "before dawn")
        ),
        zones=tuple(chance.sample(near, chance.choice((1, 1, 2, 3)))),
        holidays=chance.choice(HOLIDAYS) if chance.random() < 0.3 else frozenset(),
        caps=((chance.choice((1, 2, 3)), chance.choice((600, 1440, 2880))),) if chance.random() < 0.35 else (),
        callback=chance.choice(("never", "allowed", "express_only")),
        lock_days=chance.choice((0, 1, 2)),
        no_recall=chance.random() < 0.2,
    )


def _blackouts(chance: random.Random, now: int) -> Iterator[tuple[int, int]]:
    for _ in range(chance.choice((1, 2))):
        start = now + chance.randrange(-600, 1500)
        yield start, start + chance.randrange(10, 900)


def answer(case: Case) -> Answer:
    """What is right, found minute by minute."""
    if case.revoked is not None:
        return "consent_revoked", None
    if case.given is not None and case.given > case.now + 5:
        return "consent_dated_in_the_future", None
    if case.expires is not None and case.expires <= case.now:
        return "consent_expired", None
    if case.hung_up is not None and any(law.no_recall for law in case.laws):
        return "hung_up", None
    found = None
    if case.callback is not None:
        found = _first(case, promised=True)
        if found is not None and found > case.callback + 60:
            found = None
    if found is None:
        found = _first(case, promised=False)
    if found is None:
        return "no_window_in_horizon", None
    if case.expires is not None and case.expires <= found:
        return "consent_expires_before_next_window", None
    return "ok", found


def _first(case: Case, promised: bool) -> int | None:
    painted = [
        _open("floor" if promised and _widens(case, law) else law.week, zone, case.stretch, law.holidays)
        for law in case.laws
        for zone in law.zones
    ]
    manners = not (promised and case.manners_yield)
    answered = case.guard_s // 60 + 1
    good = _all(painted, case.now, answered)
    if case.campaign and manners:
        good &= _all([_open(case.campaign[0], case.campaign[1], case.stretch, frozenset())], case.now, 1)
    minutes = good.to_bytes(AHEAD + 1, "big")
    minute = minutes.find(1)
    while minute >= 0:
        if _content(case, case.now + minute, manners):
            return case.now + minute
        minute = minutes.find(1, minute + 1)
    return None


def _all(painted: list[bytearray], now: int, answered: int) -> int:
    """One byte for each minute from now on: 1 where all are open, and stay so for `answered` minutes."""
    good = -1
    for one in painted:
        for later in range(answered):
            good &= int.from_bytes(one[now + later : now + later + AHEAD + 1], "big")
    return good


def _widens(case: Case, law: Law) -> bool:
    return law.callback == "allowed" or (law.callback == "express_only" and case.express)


def _content(case: Case, minute: int, manners: bool) -> bool:
    if minute < max(case.not_before or 0, case.callback or 0):
        return False
    if any(start <= minute < end for start, end in case.blackouts):
        return False
    if manners and case.attempts and minute < case.attempts[-1] + case.gap:
        return False
    for law in case.laws:
        if any(sum(minute - span < at <= minute for at in case.attempts) >= calls for calls, span in law.caps):
            return False
        for zone in law.zones:
            day = _walls(zone, case.stretch)[minute] // MINUTES_A_DAY
            if case.refused is not None and law.lock_days:
                said = _walls(zone, case.stretch)[case.refused] // MINUTES_A_DAY
                if day <= said + law.lock_days:
                    return False
            if manners and case.per_day is not None:
                calls = sum(_walls(zone, case.stretch)[at] // MINUTES_A_DAY == day for at in case.attempts)
                if calls >= case.per_day:
                    return False
    return True


@cache
def _walls(zone: str, stretch: int) -> list[int]:
    """What the zone's clock reads at each minute: the day's ordinal and the minute of the day as one number."""
    info = ZoneInfo(zone)
    read = []
    for minute in range(LENGTH):
        wall = (STARTS[stretch] + timedelta(minutes=minute)).astimezone(info)
        read.append(wall.toordinal() * MINUTES_A_DAY + wall.hour * 60 + wall.minute)
    return read


@cache
def _open(week: str, zone: str, stretch: int, holidays: frozenset[date]) -> bytearray:
    """One byte a minute: 1 where the week's windows are open on this zone's clock."""
    walls = _walls(zone, stretch)
    painted = bytearray(LENGTH)
    for day in range(walls[0] // MINUTES_A_DAY - 1, walls[-1] // MINUTES_A_DAY + 1):
        if date.fromordinal(day) in holidays:
            continue
        for opens, closes in WEEKS[week][date.fromordinal(day).weekday()]:
            start = _reads(zone, stretch, day * MINUTES_A_DAY + opens, last=True)
            end = _reads(zone, stretch, day * MINUTES_A_DAY + closes, last=False)
            painted[start:end] = b"\x01" * max(end - start, 0)
    return painted


@cache
def _reads(zone: str, stretch: int, wall: int, last: bool) -> int:
    """The last or first minute at which a clock reads this; the jump where it skips it; an edge outside the stretch."""
    walls = _walls(zone, stretch)
    reading = [minute for minute, read in enumerate(walls) if read == wall]
    if reading:
        return reading[-1] if last else reading[0]
    if wall < walls[0]:
        return 0
    return next((minute for minute, read in enumerate(walls) if read > wall), LENGTH)
