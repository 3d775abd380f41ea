"""Tools in the conversation."""

import pytest

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import Call


def test_one_reply_after_all_tools_of_a_response_have_answered():
    """Rules 46, 47."""
    call = Call().opened()
    response = call.response()
    first = call.tool("save_answers", response=response, done=False)
    second = call.tool("check_slots", response=response)
    call.tool_answers(first, saved=[])
    assert [c.call_id for c in call.of(do.AnswerTool)] == [first]
    assert not call.of(do.AskResponse)
    call.tool_answers(second, slots=[])
    assert len(call.of(do.AskResponse)) == 1


def test_no_reply_is_asked_for_before_the_response_is_done():
    """Rules 36, 47."""
    call = Call().opened()
    response = call.response()
    asked = call.tool("check_slots", response=response, done=False)
    call.tool_answers(asked, slots=[])
    assert not call.of(do.AskResponse)
    call.done(response)
    assert len(call.of(do.AskResponse)) == 1


def test_a_call_announced_twice_runs_once():
    """Rule 45."""
    call = Call().opened()
    response = call.response()
    for _ in range(3):
        call.on(ev.ToolAsked(response, "call_A", "check_slots", "{}"))
    assert len(call.of(do.RunTool)) == 1


def test_a_cut_off_call_does_not_run():
    """Rule 44."""
    call = Call().opened()
    call.on(ev.ToolAsked(call.response(), "call_A", "schedule", '{"slot', complete=False))
    assert not call.of(do.RunTool)


def test_the_person_may_speak_while_a_tool_runs():
    """Rules 46, 51: the output is added; a reply that knew it makes ours needless."""
    call = Call().opened()
    asked = call.tool("check_slots")
    call.caller_says("Take your time.")
    call.tool_answers(asked, slots=[])
    assert len(call.of(do.AnswerTool)) == 1
    assert len(call.of(do.AskResponse)) == 1  # what they said is being answered
    call.on(ev.ItemKept("item_x", asked))
    call.agent_says("I have two times.", 800)
    assert len(call.of(do.AskResponse)) == 1


def test_a_reply_that_did_not_know_the_output_does_not_serve():
    """Rule 37, the other half."""
    call = Call().opened()
    asked = call.tool("check_slots")
    call.caller_says("Take your time.")
    call.tool_answers(asked, slots=[])
    call.agent_says("One moment.", 400)
    assert len(call.of(do.AskResponse)) == 2


def test_a_slow_tool_is_answered_at_its_deadline_and_its_late_result_becomes_a_note():
    """Rules 48, 50."""
    call = Call(tool_deadlines={"check_slots": 2.0}).opened()
    asked = call.tool("check_slots")
    call.wait(2.1)
    assert [c.output["error"] for c in call.of(do.AnswerTool)] == ["timeout"]
    call.agent_says("Sorry, that takes long.", 500)
    call.wait(1).tool_answers(asked, slots=["s1"])
    assert len(call.of(do.AnswerTool)) == 1
    assert "check_slots has now answered" in call.of(do.AddItem)[-1].text


@pytest.mark.parametrize("name", ["check_slots", "save_answers", "schedule", "transfer_to_human"])
def test_each_tool_has_a_deadline_and_words_for_missing_it(name: str):
    """Rule 48; a booking may take longest, and nothing is claimed of it."""
    call = Call().opened()
    call.tool(name)
    call.wait(call.talk.terms.deadline_of(name) - 0.1)
    assert not call.of(do.AnswerTool)
    call.wait(0.2)
    answer = call.of(do.AnswerTool)[0].output
    assert answer["error"] == "timeout"
    assert ("claim nothing" in answer["message"]) is (name == "schedule")
    assert call.talk.terms.deadline_of(name) <= call.talk.terms.deadline_of("schedule")


def test_a_booking_that_came_late_is_told_as_a_note():
    """Rule 50."""
    call = Call().opened()
    asked = call.tool("schedule")
    call.wait(8.1).tool_answers(asked, status="booked", slot_id="s1")
    assert len(call.of(do.AnswerTool)) == 1
    assert "schedule has now answered" in call.of(do.AddItem)[-1].text


def test_private_parts_of_a_result_never_reach_the_model():
    call = Call().opened()
    asked = call.tool("transfer_to_human")
    call.tool_answers(asked, status="transferring", _person="Sal", _number="+12125550111")
    assert call.of(do.AnswerTool)[0].output == {"status": "transferring"}
    call.wait(3)
    assert call.of(do.Transfer) == [do.Transfer("Sal", "+12125550111")]
    assert not call.of(do.HangUp)


def test_a_transfer_waits_until_its_announcement_was_heard():
    """twilio 9.1."""
    call = Call().opened()
    response = call.response()
    call.agent_says("I'll put you through now.", 2000, response=response, done=False)
    asked = call.tool("transfer_to_human", response=response)
    call.tool_answers(asked, status="transferring", _person="Sal", _number="+12125550111")
    call.wait(1)
    assert not call.of(do.Transfer)
    call.wait(1.5)
    assert call.of(do.Transfer)
    call.on(ev.StreamEnded("stop"))
    call.ends_well()


def test_a_result_after_the_call_is_still_written_down():
    call = Call().opened()
    asked = call.tool("schedule")
    call.on(ev.StreamEnded())
    call.tool_answers(asked, status="booked")
    assert call.talk.tools.uses[asked].result == {"status": "booked"}
    call.ends_well()
