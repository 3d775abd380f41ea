"""What people read: the gate's trace as sentences, a conversation with the agent's deeds, errors as pages or as JSON."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from webhooks import reasons, words
from webhooks.api.shapes import CallView, ToolView, TurnView
from webhooks.console import talk, waits
from webhooks.console.talk import Deed


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"rule": "attempts", "passed": True, "inputs": {"tried": 0, "allowed": 6}},
            "0 of at most 6 calls made so far",
        ),
        ({"rule": "gap", "passed": True, "inputs": {"last": None}}, "No earlier call to keep a distance from"),
        (
            {"rule": "hours", "passed": True, "inputs": {"zones": ["America/New_York"], "promised": False}},
            "Within calling hours in America/New York",
        ),
        (
            {"rule": "consent", "passed": False, "reason": "no_consent", "inputs": {"consent": False}},
            "The person did not agree to be called",
        ),
        (
            {"rule": "consent", "passed": True, "inputs": {"consent": None}, "detail": "existing customers"},
            "This campaign calls without recorded consent: existing customers",
        ),
        ({"rule": "number", "passed": False, "reason": "toll_free"}, "This is a toll-free number"),
        ({"rule": "a_new_rule", "passed": True}, "A new rule"),
        ({}, ""),
    ],
)
def test_a_rule_reads_as_a_sentence(row: dict[str, Any], sentence: str) -> None:
    assert reasons.sentence(row) == sentence


def test_a_lead_is_told_in_short() -> None:
    assert words.in_short("declined", "answered") == "not interested"
    assert words.in_short("unreachable", "voicemail_exhausted") == "only voicemail, no attempts left"
    assert words.in_short("received", "") == ""
    assert [words.said(one) for one in (True, None, ["a", False], 3)] == ["yes", "–", "a, no", "3"]


def tool(name: str, at: int, arguments: dict[str, Any], result: dict[str, Any]) -> ToolView:
    return ToolView(name=name, arguments=arguments, result=result, started_ms=at, took_ms=5)


def turn(role: str, at: int) -> TurnView:
    return TurnView(role=role, text="…", unheard="", started_ms=at, ended_ms=at + 500)


def conversation(tools: list[ToolView], turns: list[TurnView]) -> CallView:
    return CallView.model_construct(tools=tools, turns=turns)


def test_deeds_stand_between_the_turns_they_fell_between() -> None:
    saved = tool("save_answers", 1000, {"answers": [{"question_id": "monthly_bill", "value": 200}]}, {"saved": []})
    lines = talk.lines(conversation([saved], [turn("caller", 0), turn("agent", 1000)]))
    assert ["deed" if isinstance(line, Deed) else line.role for line in lines] == ["caller", "deed", "agent"]


@pytest.mark.parametrize(
    ("used", "what"),
    [
        (("save_answers", {"answers": [{"question_id": "monthly_bill", "value": 200}]}, {}), "Saved monthly bill: 200"),
        (("save_answers", {"answers": "nonsense"}, {}), "Saved nothing new"),
        (("check_slots", {}, {"slots": [{"say": "Monday"}]}), "Looked in the calendars: Monday"),
        (("check_slots", {}, {"slots": []}), "Looked in the calendars: nothing free"),
        (
            ("schedule", {}, {"status": "read_back", "read_back": "Monday"}),
            "Asked for a yes to Monday; nothing is booked yet",
        ),
        (("schedule", {}, {"error": "slot_taken"}), "Tried to schedule, but: slot taken"),
        (("transfer_to_human", {}, {"status": "transferring"}), "Put the caller through to a person: transferring"),
        (("end_call", {"reason": "completed"}, {"status": "ending"}), "Ended the call: completed"),
        (("another", {}, {}), "Used another"),
    ],
)
def test_a_deed_is_one_sentence(used: tuple[str, dict[str, Any], dict[str, Any]], what: str) -> None:
    name, arguments, result = used
    (line,) = talk.lines(conversation([tool(name, 0, arguments, result)], []))
    assert isinstance(line, Deed)
    assert (line.what, line.ok) == (what, "error" not in result)


def test_waiting_times_are_rows_with_goals_and_only_of_what_occurred() -> None:
    spread = {"n": 2, "p50": 640, "p95": 910, "max": 910, "budget": 700, "over_budget": 1}
    nothing = {"n": 2, "p50": 0, "p95": 0, "max": 0}
    rows = waits.waits({"first_audio": spread, "interrupt": {"n": 0}, "tools": nothing, "turns": [1]})
    assert [(row.name, row.typical, row.goal, row.over) for row in rows] == [
        ("Person stops → first audio sent", 640, 700, 1)
    ]
    assert waits.waits({"first_audio": "odd"}) == []
    assert waits.trouble({"trouble": {"late_deltas": 2, "slot_conflicts": 0}}) == "2 pieces of audio that came too late"
    assert waits.trouble({}) == ""


def test_how_the_agent_spoke_is_one_line() -> None:
    spoken = {
        "voice": "marin",
        "speed": 1.1,
        "reasoning_effort": "low",
        "noise_reduction": "",
        "transcription_model": "t",
    }
    assert words.style(spoken) == "marin, speed 1.1, effort low, transcribed by t"
    assert words.style({}) == "–"


@pytest.mark.parametrize("path", ["/nowhere", "/demo/form/nobody", "/console/recordings/x.wav"])
async def test_a_browser_reads_a_page_and_a_program_reads_json(web: httpx.AsyncClient, path: str) -> None:
    page = await web.get(path, headers={"accept": "text/html,*/*"}, follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")
    program = await web.get(path)
    if program.status_code != 303:
        assert program.headers["content-type"] == "application/problem+json"


async def test_the_api_stays_json_for_browsers_too(web: httpx.AsyncClient) -> None:
    answer = await web.get("/leads/nobody", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_trouble_of_ours_is_a_page_with_retry_after(app: FastAPI, web: httpx.AsyncClient) -> None:
    here = app.state.ground

    class Away:
        def reading(self) -> Any:
            raise OperationalError("select", {}, Exception("away"))

    app.state.ground = type(here)(here.settings, Away(), None, here.environment)
    answer = await web.get("/demo/form", headers={"accept": "text/html"})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert "Not available just now" in answer.text


async def test_the_demos_numbers_fill_the_form(web: httpx.AsyncClient) -> None:
    shown = await web.get("/demo/form", params={"phone": "+1 212 555 0102", "first_name": '"><b>James'})
    assert 'value="+1 212 555 0102"' in shown.text
    assert "<b>James" not in shown.text
