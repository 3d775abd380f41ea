"""freeBusy.query: merging, what does not block, limits, and errors that look like free time."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

SAL = "sal@example.com"
Execute = Callable[[Any], Any]
Refusal = Callable[[Any], tuple[int, str]]
DAY = {"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-02T00:00:00Z"}


def query(calendar: Any, *calendars: str, **more: Any) -> Any:
    return calendar.freebusy().query(body=DAY | {"items": [{"id": one} for one in calendars]} | more)


def put(calendar: Any, execute: Execute, start: str, end: str, **more: Any) -> str:
    times = {"start": {"dateTime": f"2026-12-01T{start}Z"}, "end": {"dateTime": f"2026-12-01T{end}Z"}}
    return str(execute(calendar.events().insert(calendarId=SAL, body=times | more))["id"])


def test_overlapping_and_touching_events_merge(calendar: Any, execute: Execute) -> None:
    put(calendar, execute, "09:00:00", "10:00:00")
    put(calendar, execute, "09:30:00", "10:30:00")
    put(calendar, execute, "10:30:00", "11:00:00")
    put(calendar, execute, "15:00:00", "15:30:00")
    assert execute(query(calendar, SAL))["calendars"][SAL]["busy"] == [
        {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T11:00:00Z"},
        {"start": "2026-12-01T15:00:00Z", "end": "2026-12-01T15:30:00Z"},
    ]


def test_transparent_cancelled_and_declined_events_do_not_block(
    as_person: Callable[[str], Any], execute: Execute
) -> None:
    calendar = as_person(SAL)
    put(calendar, execute, "09:00:00", "10:00:00", transparency="transparent")
    declined = [{"email": SAL, "responseStatus": "declined"}]
    put(calendar, execute, "11:00:00", "12:00:00", attendees=declined)
    gone = put(calendar, execute, "13:00:00", "14:00:00")
    execute(calendar.events().delete(calendarId=SAL, eventId=gone))
    assert execute(query(calendar, SAL))["calendars"][SAL]["busy"] == []


def test_an_all_day_event_blocks_the_calendars_own_day(calendar: Any, execute: Execute) -> None:
    body = {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    execute(calendar.events().insert(calendarId=SAL, body=body))
    busy = execute(query(calendar, SAL, timeZone="America/New_York"))["calendars"][SAL]["busy"]
    assert busy == [{"start": "2026-12-01T00:00:00-05:00", "end": "2026-12-01T19:00:00-05:00"}]


def test_an_unreadable_calendar_comes_with_an_error_and_no_busy_time(
    calendar: Any, execute: Execute, google: httpx.Client
) -> None:
    put(calendar, execute, "09:00:00", "10:00:00")
    google.post("/_sandbox/faults", json={"free_busy_errors": {SAL: "internalError"}}).raise_for_status()
    answer = execute(query(calendar, SAL, "kim@example.com"))["calendars"]
    assert answer[SAL] == {"errors": [{"domain": "global", "reason": "internalError"}], "busy": []}
    assert answer["kim@example.com"] == {"busy": []}


def test_more_than_fifty_calendars_get_no_answer(calendar: Any, execute: Execute) -> None:
    many = [f"person{number}@example.com" for number in range(51)]
    answer = execute(query(calendar, *many))["calendars"]
    assert {entry["errors"][0]["reason"] for entry in answer.values()} == {"tooManyCalendarsRequested"}
    assert all(entry["busy"] == [] for entry in execute(query(calendar, *many[:50]))["calendars"].values())


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"timeMax": "2027-03-02T00:00:00Z"}, "timeRangeTooLong"),
        ({"timeMax": "2026-11-30T00:00:00Z"}, "timeRangeEmpty"),
        ({"timeMin": "2026-12-01T00:00:00"}, "badRequest"),
    ],
)
def test_bad_ranges_are_refused(calendar: Any, refusal: Refusal, bounds: dict[str, str], reason: str) -> None:
    assert refusal(query(calendar, SAL, **bounds)) == (400, reason)


def test_ninety_days_are_allowed(calendar: Any, execute: Execute) -> None:
    execute(query(calendar, SAL, timeMax="2027-03-01T00:00:00Z"))
