"""Seeded busy time: the same for the same calendar, different between calendars, never a full day."""

from datetime import datetime

from sandbox.google.seeding import busy_weeks

ZONE = "America/New_York"


def spans(calendar_id: str) -> list[tuple[str, str]]:
    return [(event["start"]["dateTime"], event["end"]["dateTime"]) for event in busy_weeks(calendar_id, ZONE)]


def test_it_is_a_function_of_the_calendar() -> None:
    assert spans("sal@example.com") == spans("sal@example.com")
    assert spans("sal@example.com") != spans("kim@example.com")


def test_every_day_keeps_most_of_its_hours() -> None:
    busy: dict[str, float] = {}
    for start, end in spans("sal@example.com"):
        hours = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600
        busy[start[:10]] = busy.get(start[:10], 0) + hours
    assert len(busy) > 40
    assert max(busy.values()) <= 3
