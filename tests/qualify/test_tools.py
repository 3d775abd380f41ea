"""The five tools, each alone: liberal in what they read, strict in what they do."""

import json
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qualify import tools
from qualify.tools.desk import Desk
from tests.qualify.paper import NOW, TOMORROW_AT_TEN, PaperCalendar


def run(
    desk: Desk, name: str, arguments: Any = None, confirmed: Collection[str] = (), now: datetime = NOW
) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    result = tools.run(name, text, desk, now, frozenset(confirmed))
    json.dumps(result)
    return result


# --- schemas and arguments ---


def test_schemas_are_flat_and_say_what_is_needed():
    made = {schema["name"]: schema for schema in tools.schemas()}
    assert set(made) == {"check_slots", "save_answers", "schedule", "transfer_to_human", "end_call"}
    assert made["check_slots"]["parameters"]["required"] == []
    assert made["schedule"]["parameters"]["properties"]["confirm"]["type"] == "boolean"
    assert "$ref" not in json.dumps(tools.schemas())


@pytest.mark.parametrize(
    ("text", "error"), [("{", "bad_json"), ("[]", "bad_json"), ('"x"', "bad_json"), ('{"answers": 7}', "bad_arguments")]
)
def test_broken_arguments_are_refusals(desk: Desk, text: str, error: str):
    """Rule 49."""
    assert run(desk, "save_answers", text)["error"] == error


def test_an_unknown_tool_is_a_refusal(desk: Desk):
    """Rule 49."""
    assert run(desk, "make_coffee")["error"] == "unknown_tool"


@pytest.mark.parametrize(
    "arguments", ["", "{}", "null" * 0, {"prefer": None}, {"nonsense": 1}, {"prefer": "in the MORNING please"}]
)
def test_check_slots_needs_nothing(desk: Desk, arguments: Any):
    assert [slot["slot_id"] for slot in run(desk, "check_slots", arguments)["slots"]] == ["s1", "s2", "s3"]


# --- slots ---


def test_slots_are_said_in_the_persons_zone(desk: Desk):
    result = run(desk, "check_slots")
    assert result["timezone"] == "America/New_York"
    assert result["slots"][0] == {
        "slot_id": "s1",
        "say": TOMORROW_AT_TEN,
        "start": "2026-11-24T10:00:00-05:00",
    }


def test_asking_again_brings_other_times_and_ids_stay(desk: Desk):
    first, second = run(desk, "check_slots"), run(desk, "check_slots")
    assert {s["start"] for s in first["slots"]}.isdisjoint(s["start"] for s in second["slots"])
    assert [s["slot_id"] for s in second["slots"]] == ["s4", "s5", "s6"]


def test_a_calendar_that_is_away_offers_a_callback_instead(desk: Desk, paper: PaperCalendar):
    paper.down = True
    assert run(desk, "check_slots")["error"] == "calendar_unavailable"


def test_nothing_free_on_that_day(desk: Desk):
    assert run(desk, "check_slots", {"day": "2026-12-25"})["error"] == "no_slots"


# --- meetings ---


def test_a_meeting_is_read_back_confirmed_and_booked(desk: Desk, paper: PaperCalendar):
    run(desk, "check_slots")
    first = run(desk, "schedule", {"kind": "meeting", "slot_id": "s1", "confirm": False})
    assert (first["status"], first["read_back"], first["slot_id"]) == (
        "read_back",
        TOMORROW_AT_TEN,
        "s1",
    )
    assert not paper.booked
    booked = run(desk, "schedule", {"kind": "meeting", "slot_id": "s1", "confirm": True}, [first["_key"]])
    assert booked["status"] == "booked"
    assert TOMORROW_AT_TEN in booked["say"]
    assert len(paper.booked) == 1
    assert run(desk, "schedule", {"slot_id": "s1", "confirm": True})["status"] == "booked"
    assert len(paper.booked) == 1  # the same again books nothing


@pytest.mark.parametrize("confirm", [True, "true", "yes", 1])
def test_no_booking_before_the_person_answered_the_read_back(desk: Desk, paper: PaperCalendar, confirm: Any):
    """DESIGN section 6: whatever the model says."""
    run(desk, "check_slots")
    result = run(desk, "schedule", {"kind": "meeting", "slot_id": "s1", "confirm": confirm})
    assert result["error"] == "not_confirmed"
    assert result["read_back"] == TOMORROW_AT_TEN
    assert not paper.booked


@pytest.mark.parametrize("confirm", [None, "", "no", "false", 0, "maybe", [], {}])
def test_a_doubtful_confirmation_is_none(desk: Desk, paper: PaperCalendar, confirm: Any):
    run(desk, "check_slots")
    key = run(desk, "schedule", {"slot_id": "s1"})["_key"]
    assert run(desk, "schedule", {"slot_id": "s1", "confirm": confirm}, [key])["status"] == "read_back"
    assert not paper.booked


@pytest.mark.parametrize(
    "written", ["s2", "S2", "2", "slot 2", "slot_2", "Tuesday, November 24th at 2:00 PM", "2026-11-24T14:00:00-05:00"]
)
def test_ids_may_be_written_loosely(desk: Desk, written: str):
    run(desk, "check_slots")
    assert run(desk, "schedule", {"kind": "meeting", "slot_id": written})["slot_id"] == "s2"


def test_only_offered_slots_can_be_scheduled(desk: Desk, paper: PaperCalendar):
    result = run(desk, "schedule", {"kind": "meeting", "slot_id": "s9", "confirm": True}, ["s9"])
    assert result["error"] == "unknown_slot"
    assert len(result["slots"]) == 3
    assert not paper.booked


def test_offers_expire(desk: Desk, paper: PaperCalendar):
    run(desk, "check_slots")
    result = run(desk, "schedule", {"slot_id": "s1", "confirm": True}, ["s1"], now=NOW + timedelta(minutes=16))
    assert result["error"] == "slot_expired"
    assert result["slots"]
    assert not paper.booked


def test_a_taken_slot_comes_back_with_others(desk: Desk, paper: PaperCalendar):
    run(desk, "check_slots")
    key = run(desk, "schedule", {"slot_id": "s1"})["_key"]
    paper.taken = True
    result = run(desk, "schedule", {"slot_id": "s1", "confirm": True}, [key])
    assert result["error"] == "slot_taken"
    assert "s1" not in [slot["slot_id"] for slot in result["slots"]]


def test_a_calendar_that_dies_while_booking_claims_nothing(desk: Desk, paper: PaperCalendar):
    run(desk, "check_slots")
    key = run(desk, "schedule", {"slot_id": "s1"})["_key"]
    paper.down = True
    result = run(desk, "schedule", {"slot_id": "s1", "confirm": True}, [key])
    assert result["error"] == "calendar_unavailable"
    assert desk.booking is None


def test_the_same_booking_twice_at_once_is_one(desk: Desk, paper: PaperCalendar):
    """Truth 5: a second call for the same meeting waits for the first and finds it made."""
    run(desk, "check_slots")
    key = run(desk, "schedule", {"slot_id": "s1"})["_key"]
    paper.gate = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(run, desk, "schedule", {"slot_id": "s1", "confirm": True}, [key]) for _ in "ab"]
        paper.asked.wait(10)
        paper.gate.set()
        assert [one.result(10)["status"] for one in both] == ["booked", "booked"]
    assert len(paper.booked) == 1


def test_answers_are_stored_while_the_calendar_books(desk: Desk, paper: PaperCalendar):
    """Rule 46: a slow booking holds up no other tool."""
    run(desk, "check_slots")
    key = run(desk, "schedule", {"slot_id": "s1"})["_key"]
    paper.gate = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        booking = threads.submit(run, desk, "schedule", {"slot_id": "s1", "confirm": True}, [key])
        paper.asked.wait(10)
        assert run(desk, "save_answers", {"homeowner": "yes"})["saved"] == ["homeowner"]
        assert run(desk, "check_slots")["slots"]
        assert run(desk, "transfer_to_human")["status"] == "transferring"
        paper.gate.set()
        assert booking.result(10)["status"] == "booked"


def test_lookups_at_once_give_each_time_one_id(desk: Desk):
    with ThreadPoolExecutor(4) as threads:
        found = [one.result(10) for one in [threads.submit(run, desk, "check_slots") for _ in range(8)]]
    offered = {(slot["slot_id"], slot["start"]) for one in found for slot in one["slots"]}
    assert len({start for _, start in offered}) == len({slot_id for slot_id, _ in offered}) == len(offered)


def test_the_same_answer_twice_changes_nothing(desk: Desk):
    first = run(desk, "save_answers", {"monthly_bill": 240})
    assert first["say_as"] == {"monthly_bill": "two hundred and forty dollars"}
    assert run(desk, "save_answers", {"monthly_bill": "240"}) == first


def test_two_spelled_values_are_read_back_one_at_a_time(desk: Desk):
    phone = desk.playbook.questions[0].model_copy(update={"id": "mobile", "type": "phone", "disqualify": None})
    desk.playbook = desk.playbook.model_copy(update={"questions": (phone, *desk.playbook.questions)})
    desk.lead.country = "US"
    result = run(desk, "save_answers", {"answers": {"email": "a@x.com", "mobile": "212 555 0101", "homeowner": "yes"}})
    assert (result["question_id"], result["later"], result["saved"]) == ("email", ["mobile"], ["homeowner"])


# --- callbacks ---


def test_a_callback_is_read_back_and_promised(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "tomorrow after four"})
    assert first["read_back"] == "tomorrow, Tuesday, November 24th at 4:00 PM"
    early = run(desk, "schedule", {"kind": "callback", "when": "tomorrow after four", "confirm": True})
    assert early["error"] == "not_confirmed"
    done = run(desk, "schedule", {"kind": "callback", "when": "tomorrow after four", "confirm": True}, [first["_key"]])
    assert done["status"] == "callback_promised"
    assert desk.callback_at is not None
    assert desk.callback_at.isoformat() == "2026-11-24T16:00:00-05:00"


def test_a_relative_time_does_not_move_while_the_person_thinks(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "in two hours"})
    done = run(
        desk,
        "schedule",
        {"kind": "callback", "when": "in two hours", "confirm": True},
        [first["_key"]],
        now=NOW + timedelta(minutes=1),
    )
    assert done["status"] == "callback_promised"


def test_confirming_without_naming_the_time_means_the_one_read_back(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "tomorrow at four"})
    assert (
        run(desk, "schedule", {"kind": "callback", "confirm": True}, [first["_key"]])["status"] == "callback_promised"
    )


@pytest.mark.parametrize(
    ("when", "error"),
    [("whenever", "unclear_time"), ("", "unclear_time"), ("2020-01-01T10:00", "bad_time"), ("in 300 days", "bad_time")],
)
def test_times_that_cannot_be(desk: Desk, when: str, error: str):
    assert run(desk, "schedule", {"kind": "callback", "when": when})["error"] == error


# --- answers ---


@pytest.mark.parametrize(
    "arguments",
    [
        {"answers": [{"question_id": "homeowner", "value": "yes"}]},
        {"answers": [{"question_id": "homeowner", "value": True}]},
        {"answers": {"homeowner": "Yes, I do."}},
        {"answers": {"homeowner": True}},
        {"question_id": "homeowner", "value": "yep"},
        {"homeowner": "yes"},
    ],
)
def test_answers_in_many_shapes(desk: Desk, arguments: Any):
    result = run(desk, "save_answers", arguments)
    assert result == {"saved": ["homeowner"], "open": ["monthly_bill", "roof_shade", "timeline"], "disqualified": None}
    assert desk.answers == {"homeowner": "yes"}


@pytest.mark.parametrize(
    ("question", "given", "stored"),
    [
        ("homeowner", "no, I rent", "no"),
        ("monthly_bill", "about $1,250.50 a month", 1250.5),
        ("monthly_bill", 200, 200),
        ("roof_shade", "mostly sunny", "sunny"),
        ("roof_shade", "partly shaded I think", "partly shaded"),
        ("roof_shade", "MOSTLY SHADED", "mostly shaded"),
        ("timeline", "as soon as possible", "as soon as possible"),
        ("timeline", "within six months or so", "within six months"),
    ],
)
def test_answers_are_stored_as_their_type(desk: Desk, question: str, given: Any, stored: Any):
    run(desk, "save_answers", {"answers": {question: given}})
    assert desk.answers == {question: stored}


@pytest.mark.parametrize(
    ("question", "given"),
    [("homeowner", "purple"), ("monthly_bill", "a lot"), ("roof_shade", "potato"), ("no_such", "yes")],
)
def test_answers_that_do_not_fit_are_not_stored(desk: Desk, question: str, given: str):
    assert run(desk, "save_answers", {"answers": {question: given}})["error"] == "unclear_answer"
    assert desk.answers == {}


@pytest.mark.parametrize(
    ("question", "given", "out"),
    [("homeowner", "no", True), ("homeowner", "yes", False), ("monthly_bill", 59, True), ("monthly_bill", 60, False)],
)
def test_disqualifying_answers(desk: Desk, question: str, given: Any, out: bool):
    result = run(desk, "save_answers", {"answers": {question: given}})
    assert (result["disqualified"] == question) is out
    assert bool(result.get("say")) is out


# --- transfer ---


def test_a_transfer_goes_to_the_roster_only(desk: Desk):
    result = run(desk, "transfer_to_human", {"reason": "wants a person", "number": "+19005551234"})
    assert result == {"status": "transferring", "_person": "Sal", "_number": "+12125550111"}


@pytest.mark.parametrize("hours", [-3, 6, 120])
def test_nobody_at_work_is_said(desk: Desk, hours: int):
    result = run(desk, "transfer_to_human", {}, now=NOW + timedelta(hours=hours))
    assert result["error"] == "nobody_free"
    assert desk.nobody_free


def test_no_callback_is_promised_for_hours_at_which_we_may_not_call(desk: Desk):
    """The lawful time nearest to the one asked for is offered instead, and nothing is stored."""
    opens = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    desk.may_call = lambda at: max(at, opens)
    refused = run(desk, "schedule", {"kind": "callback", "when": "tomorrow at six in the morning"})
    assert refused["error"] == "outside_calling_hours"
    assert refused["say"] == desk.say(opens, NOW)
    assert run(desk, "schedule", {"kind": "callback", "when": refused["when"]})["status"] == "read_back"
    desk.may_call = lambda at: None
    assert run(desk, "schedule", {"kind": "callback", "when": "tomorrow at six"})["error"] == "outside_calling_hours"
    assert desk.callback_at is None
