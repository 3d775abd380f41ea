"""The dates this server shows: real time plus `CLOCK_OFFSET` seconds. Waiting always happens in real time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

OFFSET = timedelta(seconds=float(os.environ.get("CLOCK_OFFSET") or 0))


def vendor_now() -> datetime:
    return datetime.now(UTC) + OFFSET


def rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


def iso8601(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
