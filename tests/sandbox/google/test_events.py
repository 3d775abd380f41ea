"""Writing events through the real client library; `execute` holds each answer to the discovery document."""

from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import httpx
import pytest

SAL = "sal@example.com"
TEN = {"dateTime": "2026-12-01T10:00:00-05:00"}
HALF_PAST = {"dateTime": "2026-12-01T10:30:00-05:00"}
Execute = Callable[[Any], Any]
Refusal = Callable[[Any], tuple[int, str]]


def meeting(**more: Any) -> dict[str, Any]:
    return {"summary": "Solar consultation", "start": TEN, "end": HALF_PAST, **more}


def insert(calendar: Any, body: dict[str, Any], **more: Any) -> Any:
    return calendar.events().insert(calendarId=SAL, body=body, **more)


def test_an_inserted_event_reads_back_in_the_calendars_zone(calendar: Any, execute: Execute) -> None:
    body = meeting(start={"dateTime": "2026-12-01T15:00:00Z"}, end={"dateTime": "2026-12-01T15:30:00Z"})
    made = execute(insert(calendar, body))
    read = execute(calendar.events().get(calendarId=SAL, eventId=made["id"]))
    assert read == made
    assert read["start"] == {"dateTime": "2026-12-01T10:00:00-05:00", "timeZone": "America/New_York"}
    assert read["organizer"]["email"] == SAL


@pytest.mark.parametrize("event_id", ["abc", "Booking1", "wxyz12345", "0b1c-9f", "a" * 1025])
def test_ids_outside_base32hex_are_refused(calendar: Any, refusal: Refusal, event_id: str) -> None:
    assert refusal(insert(calendar, meeting(id=event_id))) == (400, "invalid")


def test_a_taken_id_stays_taken_after_deletion(calendar: Any, execute: Execute, refusal: Refusal) -> None:
    execute(insert(calendar, meeting(id="booking42v1")))
    assert refusal(insert(calendar, meeting(id="booking42v1"))) == (409, "duplicate")
    execute(calendar.events().delete(calendarId=SAL, eventId="booking42v1"))
    assert refusal(insert(calendar, meeting(id="booking42v1"))) == (409, "duplicate")
    assert refusal(calendar.events().delete(calendarId=SAL, eventId="booking42v1")) == (410, "deleted")
    edit = calendar.events().patch(calendarId=SAL, eventId="booking42v1", body={"summary": "x"})
    assert refusal(edit) == (403, "forbidden")
    assert execute(calendar.events().get(calendarId=SAL, eventId="booking42v1"))["status"] == "cancelled"


def test_the_same_id_is_free_on_another_calendar(calendar: Any, execute: Execute) -> None:
    execute(insert(calendar, meeting(id="booking42v1")))
    execute(calendar.events().insert(calendarId="kim@example.com", body=meeting(id="booking42v1")))


def test_a_patched_status_cancels_and_revives(calendar: Any, execute: Execute, google: httpx.Client) -> None:
    event_id = execute(insert(calendar, meeting()))["id"]
    patch = calendar.events().patch
    execute(patch(calendarId=SAL, eventId=event_id, body={"status": "cancelled"}))
    revived = execute(patch(calendarId=SAL, eventId=event_id, body={"status": "confirmed"}))
    assert revived["status"] == "confirmed"
    assert [event["id"] for event in google.get("/_sandbox/events").json()] == [event_id]


def test_patch_merges_and_update_replaces(calendar: Any, execute: Execute) -> None:
    private = {"booking_id": "b1", "version": "1"}
    body = meeting(description="old", extendedProperties={"private": private})
    event_id = execute(insert(calendar, body))["id"]
    change = {"extendedProperties": {"private": {"version": "2"}}}
    patched = execute(calendar.events().patch(calendarId=SAL, eventId=event_id, body=change))
    assert patched["extendedProperties"]["private"] == {"booking_id": "b1", "version": "2"}
    assert patched["description"] == "old"
    updated = execute(calendar.events().update(calendarId=SAL, eventId=event_id, body=meeting(summary="new")))
    assert updated["summary"] == "new"
    assert "description" not in updated
    assert "extendedProperties" not in updated


def test_moving_an_event_raises_its_sequence(calendar: Any, execute: Execute) -> None:
    made = execute(insert(calendar, meeting()))
    change = {"start": {"dateTime": "2026-12-01T11:00:00-05:00"}, "end": {"dateTime": "2026-12-01T11:30:00-05:00"}}
    moved = execute(calendar.events().patch(calendarId=SAL, eventId=made["id"], body=change))
    assert moved["sequence"] == made["sequence"] + 1


def test_a_stale_etag_is_refused_and_changes_nothing(calendar: Any, execute: Execute, refusal: Refusal) -> None:
    made = execute(insert(calendar, meeting()))
    fresh = execute(calendar.events().patch(calendarId=SAL, eventId=made["id"], body={"summary": "by Sal"}))
    stale = calendar.events().patch(calendarId=SAL, eventId=made["id"], body={"summary": "by us"})
    stale.headers["If-Match"] = made["etag"]
    assert refusal(stale) == (412, "conditionNotMet")
    assert execute(calendar.events().get(calendarId=SAL, eventId=made["id"])) == fresh
    late_delete = calendar.events().delete(calendarId=SAL, eventId=made["id"])
    late_delete.headers["If-Match"] = made["etag"]
    assert refusal(late_delete) == (412, "conditionNotMet")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"end": HALF_PAST}, "required"),
        ({"start": {"dateTime": "2026-12-01T10:00:00"}, "end": HALF_PAST}, "required"),
        ({"start": HALF_PAST, "end": TEN}, "timeRangeEmpty"),
        ({"start": TEN, "end": {"date": "2026-12-02"}}, "invalid"),
        ({"start": {"dateTime": "tomorrow"}, "end": HALF_PAST}, "invalid"),
        ({"start": TEN, "end": HALF_PAST, "id": "abcde", "iCalUID": "x@y"}, "invalid"),
        ({"start": TEN, "end": HALF_PAST, "attendees": [{"displayName": "Al"}]}, "required"),
        ({"start": TEN, "end": HALF_PAST, "extendedProperties": {"private": {"n": 1}}}, "parseError"),
    ],
)
def test_malformed_events_are_refused(
    as_person: Callable[[str], Any], refusal: Refusal, body: dict[str, Any], reason: str
) -> None:
    assert refusal(insert(as_person(SAL), body)) == (400, reason)


def test_a_wall_clock_time_needs_its_zone_and_gets_its_offset(calendar: Any, execute: Execute) -> None:
    zone = {"timeZone": "Australia/Sydney"}
    body = meeting(start={"dateTime": "2026-12-01T10:00:00"} | zone, end={"dateTime": "2026-12-01T10:30:00"} | zone)
    made = execute(calendar.events().insert(calendarId="mel@example.com.au", body=body))
    assert made["start"] == {"dateTime": "2026-12-01T10:00:00+11:00", "timeZone": "Australia/Sydney"}


def test_a_bare_service_account_invites_nobody(calendar: Any, refusal: Refusal, google: httpx.Client) -> None:
    body = meeting(attendees=[{"email": "lead@example.net"}])
    assert refusal(insert(calendar, body)) == (403, "forbiddenForServiceAccounts")
    assert google.get("/_sandbox/events").json() == []


def test_an_impersonating_one_does_and_mails_are_recorded(
    as_person: Callable[[str], Any], execute: Execute, google: httpx.Client
) -> None:
    calendar = as_person(SAL)
    body = meeting(attendees=[{"email": "lead@example.net"}, {"email": SAL}])
    made = execute(insert(calendar, body, sendUpdates="all"))
    execute(calendar.events().delete(calendarId=SAL, eventId=made["id"], sendUpdates="all"))
    mails = [(mail["kind"], mail["to"]) for mail in google.get("/_sandbox/mails").json()]
    assert mails == [("invitation", "lead@example.net"), ("cancellation", "lead@example.net")]


def test_without_send_updates_nobody_is_mailed(
    as_person: Callable[[str], Any], execute: Execute, google: httpx.Client
) -> None:
    execute(insert(as_person(SAL), meeting(attendees=[{"email": "lead@example.net"}])))
    assert google.get("/_sandbox/mails").json() == []


def test_a_conference_request_is_idempotent_by_its_id(as_person: Callable[[str], Any], execute: Execute) -> None:
    calendar = as_person(SAL)
    request = {"conferenceData": {"createRequest": {"requestId": "r1"}}}
    made = execute(insert(calendar, meeting(**request), conferenceDataVersion=1))
    assert made["hangoutLink"].startswith("https://meet.google.com/")
    assert made["conferenceData"]["createRequest"]["status"]["statusCode"] == "success"
    change = calendar.events().patch(calendarId=SAL, eventId=made["id"], body=request, conferenceDataVersion=1)
    assert execute(change)["conferenceData"] == made["conferenceData"]
    ignored = execute(insert(calendar, meeting(**request)))
    assert "conferenceData" not in ignored


def test_a_stranger_takes_the_slot_between_look_and_insert(
    calendar: Any, execute: Execute, google: httpx.Client
) -> None:
    google.post("/_sandbox/faults", json={"intrude": 1}).raise_for_status()
    mine = execute(insert(calendar, meeting()))
    query = {"timeMin": mine["start"]["dateTime"], "timeMax": mine["end"]["dateTime"], "singleEvents": True}
    found = execute(calendar.events().list(calendarId=SAL, **query))["items"]
    assert len(found) == 2


def test_a_reader_may_look_but_not_write(
    calendar: Any, execute: Execute, refusal: Refusal, google: httpx.Client
) -> None:
    google.post("/_sandbox/faults", json={"access": {SAL: "reader"}}).raise_for_status()
    assert execute(calendar.calendarList().get(calendarId=SAL))["accessRole"] == "reader"
    assert refusal(insert(calendar, meeting())) == (403, "requiredAccessLevel")


def test_one_lost_answer_makes_the_library_collide_with_itself(
    calendar: Any, execute: Execute, refusal: Refusal, google: httpx.Client
) -> None:
    """httplib2 sends a POST again when the line closes without an answer, whatever `num_retries` says."""
    execute(calendar.events().list(calendarId=SAL))  # signed in already: the cut hits the insert alone
    google.post("/_sandbox/faults", json={"drop_after": {"method": "POST", "path": "/events"}}).raise_for_status()
    assert refusal(insert(calendar, meeting(id="booking1v1"))) == (409, "duplicate")
    assert [event["id"] for event in google.get("/_sandbox/events").json()] == ["booking1v1"]


def test_answers_lost_twice_leave_one_event_and_an_error(calendar: Any, execute: Execute, google: httpx.Client) -> None:
    execute(calendar.events().list(calendarId=SAL))
    lost = {"drop_after": {"method": "POST", "path": "/events", "times": 2}}
    google.post("/_sandbox/faults", json=lost).raise_for_status()
    with pytest.raises((OSError, HTTPException)):
        execute(insert(calendar, meeting(id="booking1v1")))
    assert [event["id"] for event in google.get("/_sandbox/events").json()] == ["booking1v1"]


def test_a_request_cut_before_the_work_leaves_nothing(calendar: Any, execute: Execute, google: httpx.Client) -> None:
    execute(calendar.events().list(calendarId=SAL))
    lost = {"drop_before": {"method": "POST", "path": "/events", "times": 2}}
    google.post("/_sandbox/faults", json=lost).raise_for_status()
    with pytest.raises((OSError, HTTPException)):
        execute(insert(calendar, meeting()))
    assert google.get("/_sandbox/events").json() == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"errors": {"status": 403, "reason": "quotaExceeded"}}, (403, "quotaExceeded")),
        ({"errors": {"status": 429}}, (429, "rateLimitExceeded")),
        ({"errors": {"status": 503, "retry_after": 1}}, (503, "backendError")),
        (
            {"quota": {"per_minute": 0, "status": 403, "reason": "userRateLimitExceeded"}},
            (403, "userRateLimitExceeded"),
        ),
    ],
)
def test_quota_and_outages_come_in_googles_words(
    calendar: Any, refusal: Refusal, google: httpx.Client, fault: dict[str, Any], expected: tuple[int, str]
) -> None:
    calendar.calendarList().list().execute()
    google.post("/_sandbox/faults", json=fault).raise_for_status()
    assert refusal(insert(calendar, meeting())) == expected


def test_an_unknown_knob_is_refused(google: httpx.Client) -> None:
    answer = google.post("/_sandbox/faults", json={"latency_ms": 5, "gremlins": 1})
    assert answer.status_code == 400
    assert "gremlins" in answer.json()["error"]
