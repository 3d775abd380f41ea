"""Drift is bounded: what is still open is restated at the conversation's end, by code, when it is of use."""

import json
from typing import Any

from qualify import commands as do
from qualify import events as ev
from qualify.goals import open_goals
from tests.qualify.script import Call

REQUIRED = ("homeowner", "monthly_bill")


def fresh(**changes: Any) -> Call:
    return Call(required=REQUIRED, objections=("price",), **changes).opened()


def uses(call: Call, name: str, arguments: dict[str, Any], **result: Any) -> Call:
    asked = call.tool(name, json.dumps(arguments))
    call.tool_answers(asked, **result)
    return call


def answers(call: Call, **given: str) -> Call:
    missing = [question for question in (*REQUIRED, "timeline") if question not in given]
    return uses(call, "save_answers", {"answers": given}, saved=list(given), open=missing, disqualified=None)


def goal_items(call: Call) -> list[do.AddItem]:
    return [command for command in call.of(do.AddItem) if command.text.startswith("Still open")]


def chat(call: Call, text: str = "Well, you know.") -> Call:
    """The person says something and is answered; nothing comes of it."""
    call.caller_says(text)
    call.done(call.response())
    return call.wait(0.5)


def test_goals_follow_the_ledger_from_consent_to_the_close():
    call = fresh()
    assert [goal.split()[0] for goal in open_goals(call.talk)] == ["Get", "Get", "Call", "Close"]
    answers(call, homeowner="yes")
    assert open_goals(call.talk)[0] == "Get answers to these questions and save them: monthly_bill."
    answers(call, homeowner="yes", monthly_bill="200")
    assert open_goals(call.talk)[0] == "Call check_slots and offer times."
    uses(call, "check_slots", {}, slots=[{"slot_id": "s1", "say": "Tuesday"}])
    assert open_goals(call.talk)[0].startswith("Let the person choose")
    uses(call, "schedule", {}, status="read_back", read_back="Tuesday", slot_id="s1")
    assert open_goals(call.talk)[0].startswith("Read back Tuesday, get a clear yes")
    uses(call, "schedule", {}, status="booked", slot_id="s1")
    assert open_goals(call.talk) == ("Say the closing line and call end_call.",)


def test_a_disqualified_person_and_a_missing_colleague_leave_only_the_close():
    call = fresh()
    uses(call, "save_answers", {"answers": {"homeowner": "no"}}, saved=["homeowner"], open=[], disqualified="homeowner")
    assert open_goals(call.talk) == ("Say the closing line and call end_call.",)
    other = fresh()
    uses(other, "transfer_to_human", {}, error="nobody_free")
    assert open_goals(other.talk) == ("Say the closing line and call end_call.",)


def test_turns_without_progress_bring_the_goals_back_once():
    """The instructions stay as they are, so the cache survives. (realtime.md 1.9)"""
    call = fresh(restate_after=3).forget()
    for _ in range(2):
        chat(call)
    assert goal_items(call) == []
    chat(call)
    chat(call)
    assert len(goal_items(call)) == 1
    assert not any(command.instructions for command in call.of(do.AskResponse))
    order = [type(c) for c in call.sent if isinstance(c, do.AskResponse) or c in goal_items(call)]
    assert order.index(do.AddItem) < len(order) - 1


def test_a_restatement_replaces_the_one_before():
    call = fresh(restate_after=1).forget()
    for _ in range(4):
        chat(call)
    added, deleted = [item.item_id for item in goal_items(call)], [c.item_id for c in call.of(do.DeleteItem)]
    assert len(added) >= 3
    assert deleted == added[:-1]


def test_progress_takes_the_old_goals_out():
    call = fresh(restate_after=1).forget()
    for _ in range(2):
        chat(call)
    stale = call.talk.context.goal
    assert stale
    answers(call, homeowner="yes").done(call.response())
    assert stale in [command.item_id for command in call.of(do.DeleteItem)]


def test_after_an_objection_the_next_turn_but_one_is_reminded():
    call = fresh().forget()
    chat(call, "What about the price")
    assert goal_items(call) == []
    chat(call, "I see.")
    assert len(goal_items(call)) == 1
    chat(call, "Fine.")
    assert len(goal_items(call)) == 1


def test_nothing_comes_between_an_order_and_the_response_to_it():
    """A goal behind "say exactly this" would be what the model answers to."""
    call = fresh(restate_after=1).forget()
    for _ in range(2):
        chat(call)
    call.forget().wait(9)  # silence: the model is told to ask whether they are there
    steer = next(n for n, command in enumerate(call.sent) if isinstance(command, do.AddItem))
    ask = next(n for n, command in enumerate(call.sent) if isinstance(command, do.AskResponse))
    assert steer < ask
    assert goal_items(call) == []


def test_a_rebuilt_session_is_told_its_goals():
    call = answers(fresh(), homeowner="yes")
    call.on(ev.ModelLost(1006)).forget().model_opens().model_ready()
    (goal,) = goal_items(call)
    assert "monthly_bill" in goal.text
    assert "homeowner" not in goal.text


def test_no_goals_once_the_end_is_decided():
    call = fresh()
    call.tool("end_call", '{"reason": "not_interested"}')
    assert open_goals(call.talk) == ()
