"""events.list: filters, pages, sync tokens; and the calendar lists."""

from collections.abc import Callable
from typing import Any

import httpx

SAL = "sal@example.com"
Execute = Callable[[Any], Any]
Refusal = Callable[[Any], tuple[int, str]]


def put(calendar: Any, execute: Execute, hour: int, **more: Any) -> str:
    times = {
        "start": {"dateTime": f"2026-12-01T{hour:02d}:00:00Z"},
        "end": {"dateTime": f"2026-12-01T{hour:02d}:30:00Z"},
    }
    made = execute(calendar.events().insert(calendarId=SAL, body={"summary": f"at {hour}", **times, **more}))
    return str(made["id"])


def ids(answer: dict[str, Any]) -> list[str]:
    return [event["id"] for event in answer["items"]]


def test_the_window_is_exclusive_at_both_ends(calendar: Any, execute: Execute) -> None:
    put(calendar, execute, 9)
    ten = put(calendar, execute, 10)
    put(calendar, execute, 11)
    window = {"timeMin": "2026-12-01T09:30:00Z", "timeMax": "2026-12-01T11:00:00Z"}
    assert ids(execute(calendar.events().list(calendarId=SAL, **window))) == [ten]


def test_private_properties_find_a_booking(calendar: Any, execute: Execute) -> None:
    put(calendar, execute, 9, extendedProperties={"private": {"booking_id": "b1"}})
    wanted = put(calendar, execute, 10, extendedProperties={"private": {"booking_id": "b2", "version": "1"}})
    found = calendar.events().list(calendarId=SAL, privateExtendedProperty=["booking_id=b2", "version=1"])
    assert ids(execute(found)) == [wanted]


def test_pages_follow_each_other_and_the_token_comes_last(calendar: Any, execute: Execute) -> None:
    made = [put(calendar, execute, hour) for hour in (9, 10, 11)]
    first = execute(calendar.events().list(calendarId=SAL, maxResults=2))
    assert "nextSyncToken" not in first
    second = execute(calendar.events().list(calendarId=SAL, maxResults=2, pageToken=first["nextPageToken"]))
    assert ids(first) + ids(second) == made
    assert "nextSyncToken" in second


def test_a_sync_tells_what_changed_and_what_went(calendar: Any, execute: Execute) -> None:
    kept, gone = put(calendar, execute, 9), put(calendar, execute, 10)
    token = execute(calendar.events().list(calendarId=SAL))["nextSyncToken"]
    execute(calendar.events().delete(calendarId=SAL, eventId=gone))
    execute(calendar.events().patch(calendarId=SAL, eventId=kept, body={"summary": "moved"}))
    answer = execute(calendar.events().list(calendarId=SAL, syncToken=token))
    assert [(event["id"], event["status"]) for event in answer["items"]] == [(gone, "cancelled"), (kept, "confirmed")]
    assert "start" not in answer["items"][0]
    assert execute(calendar.events().list(calendarId=SAL, syncToken=answer["nextSyncToken"]))["items"] == []


def test_an_expired_token_asks_for_a_full_sync(
    calendar: Any, execute: Execute, refusal: Refusal, google: httpx.Client
) -> None:
    put(calendar, execute, 9)
    token = execute(calendar.events().list(calendarId=SAL))["nextSyncToken"]
    google.post("/_sandbox/faults", json={"expire_sync_tokens": True}).raise_for_status()
    assert refusal(calendar.events().list(calendarId=SAL, syncToken=token)) == (410, "fullSyncRequired")
    fresh = execute(calendar.events().list(calendarId=SAL))["nextSyncToken"]
    assert execute(calendar.events().list(calendarId=SAL, syncToken=fresh))["items"] == []


def test_sync_tokens_do_not_mix_with_filters_or_order(calendar: Any, execute: Execute, refusal: Refusal) -> None:
    token = execute(calendar.events().list(calendarId=SAL))["nextSyncToken"]
    mixed = calendar.events().list(calendarId=SAL, syncToken=token, timeMin="2026-12-01T00:00:00Z")
    assert refusal(mixed) == (400, "badRequest")
    ordered = execute(calendar.events().list(calendarId=SAL, singleEvents=True, orderBy="startTime"))
    assert "nextSyncToken" not in ordered
    assert refusal(calendar.events().list(calendarId=SAL, orderBy="startTime")) == (400, "badRequest")


def test_calendars_are_listed_once_used(calendar: Any, execute: Execute) -> None:
    assert execute(calendar.calendars().get(calendarId=SAL))["timeZone"] == "America/New_York"
    entries = execute(calendar.calendarList().list())["items"]
    assert [entry["id"] for entry in entries] == [SAL]
