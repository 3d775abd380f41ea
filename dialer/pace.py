"""A token bucket that holds one call: when the next may leave, and how the carrier's own queue slows it. Pure.

What Twilio cannot start at once it queues, for hours if need be, and a queued call rings out of hours (reference/twilio.md
12): so its queue is kept empty. Two calls in a row that had to wait there halve the rate, which then recovers by a tenth a minute.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SHARE = 0.8
"""Of what the account may do: its own second is not ours to the millisecond."""
SLOW_MS = 2000
SLOWEST = 0.05
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(minutes=1)
"""A next call further away than this was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Bucket:
    next_at: datetime
    factor: float = 1.0
    slow_in_a_row: int = 0
    eased_at: datetime | None = None


def rate(bucket: Bucket, per_second: float, now: datetime) -> float:
    """Calls a second that may leave now."""
    return SHARE * per_second * _factor(bucket, now)


def opens(bucket: Bucket, now: datetime) -> datetime:
    """When the next call may leave."""
    return now if bucket.next_at > now + LONGEST else max(bucket.next_at, now)


def taken(bucket: Bucket, per_second: float, now: datetime) -> Bucket:
    """The bucket after one more call has its place."""
    return replace(bucket, next_at=opens(bucket, now) + timedelta(seconds=1 / rate(bucket, per_second, now)))


def told(bucket: Bucket, queue_ms: int, now: datetime) -> Bucket:
    """The carrier kept a call waiting this long."""
    if queue_ms <= SLOW_MS:
        return replace(bucket, slow_in_a_row=0)
    if bucket.slow_in_a_row == 0:
        return replace(bucket, slow_in_a_row=1)
    return Bucket(bucket.next_at, max(SLOWEST, _factor(bucket, now) / 2), 0, now)


def _factor(bucket: Bucket, now: datetime) -> float:
    if bucket.eased_at is None:
        return bucket.factor
    return min(1.0, bucket.factor + 0.1 * max(0.0, (now - bucket.eased_at) / MINUTE))
