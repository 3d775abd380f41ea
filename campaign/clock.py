"""The product's one reader of the clock.

`CLOCK_OFFSET` (seconds, may be negative) moves the business clock in the sandbox and in tests, so that a demo finds open
calling hours at any time of day. TLS, Google credentials, Celery and Redis keep real time and never ask this module.
"""

import os
import time
from datetime import UTC, datetime, timedelta


def offset() -> timedelta:
    """The shift of the business clock; zero unless `CLOCK_OFFSET` is set."""
    return timedelta(seconds=float(os.environ.get("CLOCK_OFFSET") or 0))


def now() -> datetime:
    """Business time, aware, UTC."""
    return datetime.now(UTC) + offset()


def real_now() -> datetime:
    """Wall time without the offset, for comparing with what outside services stamp."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps, for measuring spans."""
    return time.monotonic()
