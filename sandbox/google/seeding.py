"""Busy time of a made-up salesperson: the same calendar id and day always give the same meetings.

From a week ago to 60 days ahead, each weekday gets one to three meetings of 30 or 60 minutes on the half hour between
9:00 and 17:00 local, so that every day keeps free slots and no two sandboxes disagree.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.local import clock

_SUBJECTS = ("Team sync", "Pipeline review", "Customer visit", "Site survey", "One on one")


def busy_weeks(calendar_id: str, zone: str) -> Iterator[dict[str, Any]]:
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    for offset in range(-7, 60):
        day = today + timedelta(days=offset)
        if day.weekday() < 5:
            yield from _meetings(calendar_id, zone, day)


def nothing(_calendar_id: str, _zone: str) -> Iterator[dict[str, Any]]:
    return iter(())


def _meetings(calendar_id: str, zone: str, day: date) -> Iterator[dict[str, Any]]:
    digest = hashlib.sha256(f"{calendar_id} {day}".encode()).digest()
    dice = random.Random(digest)
    for half_hour in dice.sample(range(0, 16, 2), dice.randint(1, 3)):
        begin = datetime.combine(day, time(9 + half_hour // 2, 30 * (half_hour % 2)), ZoneInfo(zone)).astimezone(UTC)
        yield {
            "kind": "calendar#event",
            "id": f"seed{digest.hex()[:20]}{half_hour:02d}",
            "iCalUID": f"seed{digest.hex()[:20]}{half_hour:02d}@google.com",
            "status": "confirmed",
            "summary": dice.choice(_SUBJECTS),
            "created": clock.rfc3339(clock.now()),
            "creator": {"email": calendar_id},
            "organizer": {"email": calendar_id},
            "start": {"dateTime": begin.isoformat(), "timeZone": zone},
            "end": {"dateTime": (begin + timedelta(minutes=dice.choice((30, 60)))).isoformat(), "timeZone": zone},
            "sequence": 0,
            "eventType": "default",
            "reminders": {"useDefault": True},
        }
