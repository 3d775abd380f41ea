"""The sandbox's clock: real time plus `CLOCK_OFFSET` seconds, for every date a vendor would show.

Waits, latencies and token lifetimes keep real time; only dates are shifted.
"""

import os
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The vendor's idea of the current instant, aware, in UTC."""
    return datetime.now(UTC) + timedelta(seconds=float(os.environ.get("CLOCK_OFFSET") or 0))


def rfc3339(instant: datetime) -> str:
    """`2026-11-22T16:00:00.000Z`: milliseconds and a Z, as Google and HubSpot both print instants."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
