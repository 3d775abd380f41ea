"""When to ring again after an attempt that reached nobody, or that we are done: the campaign's policy, purely.

A wait is the campaign's own, a little longer by a share that the attempt's id decides, so that leads of one moment do not
come back together and the same attempt always gets the same answer. Then the moment moves forward until it suits caps and
gap, of which the core of lawful instants knows, and falls into another part of the day than the last call. Whether it is
lawful, the gate says when it comes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign.file import Retries, Retry
from dialer import decision
from dialer.decision import Asked
from dialer.outcomes import RETRIED, Then

NOT_SENT_FIRST = timedelta(seconds=15)
NOT_SENT_LONGEST = timedelta(minutes=5)
PROMPT = timedelta(hours=1)
"""Who is rung again sooner was busy or cut off, and is not moved to another part of the day."""
SPREAD = timedelta(minutes=20)
"""Over which the calls that were moved to a part's beginning are spread."""
ROUNDS = 100
Parts = Sequence[tuple[time, time]]


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """No more attempts; `outcome` is how the lead ends."""

    outcome: str
    reason: str


def after(
    then: Then,
    earlier: int,
    tried: int,
    retries: Retries,
    now: datetime,
    asked: Asked,
    attempt_id: str = "",
) -> RetryAt | Stop:
    """`earlier`: endings of this kind the lead had before this one. `tried`: attempts that count, this one included.

    `asked`: what the core of lawful instants will be asked at the dial; it knows gap and caps.
    """
    if then not in RETRIED:
        raise ValueError(f"{then} is not retried")
    policy: Retry = getattr(retries, then.value)
    if tried >= retries.max_attempts:
        return _given_up(then, policy, "attempts_exhausted")
    if earlier >= len(policy.after_minutes):
        return _given_up(then, policy, f"{then.value}_exhausted")
    chance = share(attempt_id)
    wait = timedelta(minutes=policy.after_minutes[earlier] * (1 + policy.jitter * chance))
    if then is Then.DROPPED:  # they were talking with us, and wait for us to ring back
        asked = replace(asked, gap=timedelta(0))
    parts = [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in retries.day_parts]
    return RetryAt(_suitable(now + wait, asked, parts, SPREAD * chance))


def backoff(refused_in_a_row: int, now: datetime) -> datetime:
    """When to try again after requests that were never processed: 15 s, doubling, at most 5 min."""
    doublings = min(max(refused_in_a_row - 1, 0), 10)
    return now + min(NOT_SENT_FIRST * (1 << doublings), NOT_SENT_LONGEST)


def share(attempt_id: str) -> float:
    """From 0 up to 1, spread evenly over attempts, and always the same for one."""
    return int.from_bytes(hashlib.sha256(attempt_id.encode()).digest()[:4], "big") / 2**32 if attempt_id else 0.0


def _suitable(at: datetime, asked: Asked, parts: Parts, spread: timedelta) -> datetime:
    """The first moment from `at` on that suits gap, caps and the parts of the day; each only moves it forward."""
    moved = False
    for _ in range(ROUNDS):
        later = decision.rested(asked, at)
        if later == at:
            later = _other_part(at, asked, parts)
            moved = moved or later > at
        if later == at:
            break
        at = later
    return at + spread if moved else at


def _other_part(at: datetime, asked: Asked, parts: Parts) -> datetime:
    """Nobody is rung twice running in the same part of the day; outside all of them the next one counts."""
    if len(parts) < 2 or not asked.attempts or at - asked.attempts[-1] < PROMPT:
        return at
    for zone in sorted({bound.zone for bound in asked.bounds}):
        here, before = _part(at, zone, parts), _part(asked.attempts[-1], zone, parts)
        if here is None:
            at = max(at, _next_start(at, zone, parts))
        elif here == before:
            at = max(at, _clock(at.astimezone(ZoneInfo(zone)).date(), parts[here][1], zone))
    return at


def _part(at: datetime, zone: str, parts: Parts) -> int | None:
    clock = at.astimezone(ZoneInfo(zone)).time()
    return next((number for number, (start, end) in enumerate(parts) if start <= clock < end), None)


def _next_start(at: datetime, zone: str, parts: Parts) -> datetime:
    day = at.astimezone(ZoneInfo(zone)).date()
    starts = (_clock(day + timedelta(days=ahead), start, zone) for ahead in (0, 1, 2) for start, _ in parts)
    return min(start for start in starts if start > at)


def _clock(day: date, at: time, zone: str) -> datetime:
    """The instant at which a zone's clock shows this, in UTC; the later one where it shows it twice."""
    return datetime.combine(day, at.replace(fold=1), ZoneInfo(zone)).astimezone(UTC)


def _given_up(then: Then, policy: Retry, reason: str) -> Stop:
    """A person whose line kept breaking was there: a colleague takes over. Everybody else was not reached by phone."""
    match policy.then or ("person" if then is Then.DROPPED else "stop"):
        case "person":
            return Stop("needs_human", reason)
        case "stop":
            return Stop("unreachable", reason)
        case channel:
            return Stop("unreachable", f"try_{channel}")
