"""When to ring again after an attempt that reached nobody, or that we are done: the campaign's policy, purely."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.file import Retries, Retry
from dialer.outcomes import RETRIED, Then

NOT_SENT_FIRST = timedelta(seconds=15)
NOT_SENT_LONGEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RetryAt:
    at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """No more attempts; `outcome` is how the lead ends."""

    outcome: str
    reason: str


def after(then: Then, earlier: int, tried: int, retries: Retries, now: datetime) -> RetryAt | Stop:
    """`earlier`: endings of this kind the lead had before this one. `tried`: attempts that count, this one included."""
    if then not in RETRIED:
        raise ValueError(f"{then} is not retried")
    policy: Retry = getattr(retries, then.value)
    if tried >= retries.max_attempts:
        return Stop(_given_up(then), "attempts_exhausted")
    if earlier >= len(policy.after_minutes):
        return Stop(_given_up(then), f"{then.value}_exhausted")
    return RetryAt(now + timedelta(minutes=policy.after_minutes[earlier]))


def backoff(refused_in_a_row: int, now: datetime) -> datetime:
    """When to try again after requests that were never processed: 15 s, doubling, at most 5 min."""
    doublings = min(max(refused_in_a_row - 1, 0), 10)
    return now + min(NOT_SENT_FIRST * (1 << doublings), NOT_SENT_LONGEST)


def _given_up(then: Then) -> str:
    """A person whose line kept breaking was there: a colleague takes over. Everybody else was not reached."""
    return "needs_human" if then is Then.DROPPED else "unreachable"
