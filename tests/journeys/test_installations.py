"""A submitted form becomes a call, a booked meeting and a CRM record, on each kind of installation."""

from typing import Any

import pytest

from tests.journeys.stack import FINAL, Stack, until

pytestmark = pytest.mark.timeout(300)
BOOKS, DECLINES = "+12125550101", "+12125550103"


def assert_booked(stack: Stack, story: dict[str, Any], to: str) -> None:
    """What the API says is what carrier and calendar really have."""
    meetings = {event["id"]: event for event in stack.seen("google", "events")}
    booking = next(booking for booking in story["bookings"] if booking["state"] == "confirmed")
    assert meetings[booking["event_id"]]["status"] == "confirmed"
    (call,) = stack.calls(to)
    assert call["posts"] == 1
    assert not call["alive"]
    assert not call["alerts"]
    (attempt,) = story["attempts"]
    assert attempt["call"]["turns"]
    assert attempt["settled_at"]
    assert all(session["violations"] == [] for session in stack.seen("realtime", "sessions?frames=0"))


def crm_calls(stack: Stack, attempt_id: str) -> list[dict[str, Any]]:
    return [call for call in stack.seen("hubspot", "objects")["calls"] if attempt_id in str(call)]


def test_one_public_address_and_sqlite(stack: Stack) -> None:
    answer = stack.submit(BOOKS)
    assert (answer["http"], answer["status"]) == (202, "queued")
    story = stack.await_lead(answer["lead_id"], "booked")
    assert_booked(stack, story, BOOKS)
    assert len(crm_calls(stack, story["attempts"][0]["attempt_id"])) == 1


def test_callbacks_that_come_twice_and_in_the_wrong_order_change_nothing(stack: Stack) -> None:
    number = "+16465550103"
    stack.break_("twilio", to=number, callbacks_duplicate=2, callbacks_gap_ms=30, callbacks_reorder=True)
    stack.script(number, "human", [{"at_ms": 300, "say": "Hello?"}, {"at_ms": 4000, "hang_up": True}])
    story = stack.await_lead(stack.submit(number)["lead_id"], *FINAL, "scheduled")
    assert len(story["attempts"]) == len(story["outcomes"]) == 1
    (call,) = stack.calls(number)
    assert call["posts"] == 1
    assert len(crm_calls(stack, story["attempts"][0]["attempt_id"])) == 1


def test_a_crm_that_is_down_loses_nothing_and_gets_each_call_once(stack: Stack) -> None:
    number = "+16465550112"
    stack.break_("hubspot", errors=[{"status": 503, "times": 1000}])
    lead_id = stack.submit(number)["lead_id"]
    entry = until(
        lambda: next((entry for entry in stack.lead(lead_id)["crm"] if entry["last_error"]), None), "a delivery fails"
    )
    assert entry["state"] == "due"
    stack.break_("hubspot", errors=None)
    story = stack.await_lead(lead_id, "unreachable")
    assert [entry["state"] for entry in story["crm"]] == ["done"]
    assert len(crm_calls(stack, story["attempts"][0]["attempt_id"])) == 1


def test_postgresql_and_a_signed_webhook_as_crm(empty_postgres_url: str) -> None:
    with Stack(database_url=empty_postgres_url, crm="webhook") as stack:
        story = stack.await_lead(stack.submit(DECLINES)["lead_id"], "declined")
        deliveries = stack.seen("crm_sink", "deliveries")
        assert deliveries
        assert all(delivery["verified"] for delivery in deliveries)
        told = [delivery for delivery in deliveries if story["attempts"][0]["attempt_id"] in str(delivery["payload"])]
        assert len({delivery["id"] for delivery in told}) == 1
