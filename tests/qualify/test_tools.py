"""The five tools, each alone: liberal in what they read, strict in what they do."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calendar_sync.slots import Slot
from campaign import file
from campaign.errors import Refused, Retryable
from campaign.records import Booking, Lead
from qualify import playbook_file, tools
from qualify.tools.desk import Desk

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # Monday 11:00 in New York
CAMPAIGN = file.parse(
    """
name: solar-us
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources: [{name: website, secret: whsec_abcdefgh}]
people:
  - {name: Nia, calendar: nia@example.com}
  - {name: Sal, calendar: sal@example.com, phone: "+12125550111", hours: {mon-fri: ["09:00-17:00"]}}
"""
)


@dataclass
class PaperCalendar:
    """Free every day at ten and two; can be taken away or taken."""

    down: bool = False
    taken: bool = False
    booked: list[Slot] = field(default_factory=list)

    def offer(
        self,
        campaign: Any,
        zone: str,
        now: datetime,
        *,
        limit: int = 3,
        prefer: str = "any",
        day: date | None = None,
        avoid: Collection[datetime] = (),
    ) -> list[Slot]:
        if self.down:
            raise Retryable("away", code="calendar_away")
        starts = [datetime(2026, 11, 24 + d, h, tzinfo=UTC) for d in range(4) for h in (15, 19)]
        free = [s for s in starts if s not in avoid and (day is None or s.date() == day)]
        return [Slot("Sal", "sal@example.com", s, s + timedelta(minutes=30)) for s in free[:limit]]

    def book(
        self, campaign: Any, lead: Lead, attempt_id: str, slot: Slot, *, zone: str, summary: str, now: datetime
    ) -> Booking:
        if self.down:
            raise Retryable("away", code="calendar_away")
        if self.taken:
            raise Refused("taken", code="slot_taken")
        self.booked.append(slot)
        return Booking(
            id="b1",
            lead_id=lead.id,
            campaign="solar-us",
            person=slot.person,
            calendar=slot.calendar,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            timezone=zone,
            state="confirmed",
            event_id="e1",
            created_at=now,
        )


@pytest.fixture
def paper() -> PaperCalendar:
    return PaperCalendar()


@pytest.fixture
def desk(paper: PaperCalendar) -> Desk:
    lead = Lead(id="lead_1", campaign="solar-us", source="website", external_id="x", received_at=NOW, updated_at=NOW)
    return Desk(CAMPAIGN, lead, "att_1", playbook_file.load("solar-us").playbook, "America/New_York", paper)


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
        "say": "Tuesday, November 24th at 10:00 AM",
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
        "Tuesday, November 24th at 10:00 AM",
        "s1",
    )
    assert not paper.booked
    booked = run(desk, "schedule", {"kind": "meeting", "slot_id": "s1", "confirm": True}, ["s1"])
    assert booked["status"] == "booked"
    assert "Tuesday, November 24th at 10:00 AM" in booked["say"]
    assert len(paper.booked) == 1
    assert run(desk, "schedule", {"slot_id": "s1", "confirm": True}, ["s1"])["status"] == "booked"
    assert len(paper.booked) == 1  # the same again books nothing


@pytest.mark.parametrize("confirm", [True, "true", "yes", 1])
def test_no_booking_before_the_person_answered_the_read_back(desk: Desk, paper: PaperCalendar, confirm: Any):
    """DESIGN section 6: whatever the model says."""
    run(desk, "check_slots")
    result = run(desk, "schedule", {"kind": "meeting", "slot_id": "s1", "confirm": confirm})
    assert result["error"] == "not_confirmed"
    assert result["read_back"] == "Tuesday, November 24th at 10:00 AM"
    assert not paper.booked


@pytest.mark.parametrize("confirm", [None, "", "no", "false", 0, "maybe", [], {}])
def test_a_doubtful_confirmation_is_none(desk: Desk, paper: PaperCalendar, confirm: Any):
    run(desk, "check_slots")
    assert run(desk, "schedule", {"slot_id": "s1", "confirm": confirm}, ["s1"])["status"] == "read_back"
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
    paper.taken = True
    result = run(desk, "schedule", {"slot_id": "s1", "confirm": True}, ["s1"])
    assert result["error"] == "slot_taken"
    assert "s1" not in [slot["slot_id"] for slot in result["slots"]]


def test_a_calendar_that_dies_while_booking_claims_nothing(desk: Desk, paper: PaperCalendar):
    run(desk, "check_slots")
    paper.down = True
    result = run(desk, "schedule", {"slot_id": "s1", "confirm": True}, ["s1"])
    assert result["error"] == "calendar_unavailable"
    assert desk.booking is None


# --- callbacks ---


def test_a_callback_is_read_back_and_promised(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "tomorrow after four"})
    assert first["read_back"] == "Tuesday, November 24th at 4:00 PM"
    early = run(desk, "schedule", {"kind": "callback", "when": "tomorrow after four", "confirm": True})
    assert early["error"] == "not_confirmed"
    done = run(
        desk, "schedule", {"kind": "callback", "when": "tomorrow after four", "confirm": True}, [first["callback_id"]]
    )
    assert done["status"] == "callback_promised"
    assert desk.callback_at is not None
    assert desk.callback_at.isoformat() == "2026-11-24T16:00:00-05:00"


def test_a_relative_time_does_not_move_while_the_person_thinks(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "in two hours"})
    done = run(
        desk,
        "schedule",
        {"kind": "callback", "when": "in two hours", "confirm": True},
        [first["callback_id"]],
        now=NOW + timedelta(minutes=1),
    )
    assert done["status"] == "callback_promised"


def test_confirming_without_naming_the_time_means_the_one_read_back(desk: Desk):
    first = run(desk, "schedule", {"kind": "callback", "when": "tomorrow at four"})
    assert (
        run(desk, "schedule", {"kind": "callback", "confirm": True}, [first["callback_id"]])["status"]
        == "callback_promised"
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
