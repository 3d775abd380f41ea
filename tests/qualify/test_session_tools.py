"""Tools in the conversation."""

import pytest

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import Call

SLOT = "Tuesday, November 24th at 10:00 AM"


def test_one_reply_after_all_tools_of_a_response_have_answered():
    """Rules 46, 47."""
    call = Call().opened()
    response = call.response(request="")
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
    response = call.response(request="")
    asked = call.tool("check_slots", response=response, done=False)
    call.tool_answers(asked, slots=[])
    assert not call.of(do.AskResponse)
    call.done(response)
    assert len(call.of(do.AskResponse)) == 1


def test_a_call_announced_twice_runs_once():
    """Rule 45."""
    call = Call().opened()
    response = call.response(request="")
    for _ in range(3):
        call.on(ev.ToolAsked(response, "call_A", "check_slots", "{}"))
    assert len(call.of(do.RunTool)) == 1


def test_a_cut_off_call_does_not_run():
    """Rule 44."""
    call = Call().opened()
    call.on(ev.ToolAsked(call.response(request=""), "call_A", "schedule", '{"slot', complete=False))
    assert not call.of(do.RunTool)


def test_the_person_may_speak_while_a_tool_runs():
    """Rules 46, 51: the output is added; a reply that knew it makes ours needless."""
    call = Call().opened()
    asked = call.tool("check_slots")
    call.caller_says("Take your time.")
    call.tool_answers(asked, slots=[])
    assert len(call.of(do.AnswerTool)) == 1
    assert not call.of(do.AskResponse)  # they have the floor: the model is about to answer
    call.on(ev.ItemKept("item_x", asked))
    call.agent_says("I have two times.", 800, response=call.response(request=""))
    assert not call.of(do.AskResponse)


def test_a_reply_that_did_not_know_the_output_does_not_serve():
    """Rule 37, the other half."""
    call = Call().opened()
    asked = call.tool("check_slots")
    call.caller_says("Take your time.")
    call.tool_answers(asked, slots=[])
    call.agent_says("One moment.", 400, response=call.response(request=""))
    assert len(call.of(do.AskResponse)) == 1


def test_a_slow_tool_is_answered_at_its_deadline_and_its_late_result_becomes_a_note():
    """Rules 48, 50."""
    call = Call(tool_deadline=2.0).opened()
    asked = call.tool("check_slots")
    call.wait(2.1)
    assert [c.output["error"] for c in call.of(do.AnswerTool)] == ["timeout"]
    call.agent_says("Sorry, that takes long.", 500)
    call.wait(1).tool_answers(asked, slots=["s1"])
    assert len(call.of(do.AnswerTool)) == 1
    assert "check_slots has now answered" in call.of(do.AddItem)[-1].text


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
    response = call.response(request="")
    call.agent_says("I'll put you through now.", 2000, response=response, done=False)
    asked = call.tool("transfer_to_human", response=response)
    call.tool_answers(asked, status="transferring", _person="Sal", _number="+12125550111")
    call.wait(1)
    assert not call.of(do.Transfer)
    call.wait(1.5)
    assert call.of(do.Transfer)
    call.on(ev.StreamEnded("stop"))
    call.ends_well()


@pytest.mark.parametrize("said", ["Yes, please.", None])
def test_a_read_back_counts_when_it_was_heard_and_then_spoken_to(said: str | None):
    """DESIGN section 6: enforced by code; the words of the transcript do not matter."""
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says(said)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == {"s1"}


def test_a_read_back_that_was_not_heard_does_not_count():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(1.0).caller_says("Yes.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_read_back_without_a_word_of_the_person_does_not_count():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_words_spoken_before_the_read_back_do_not_count():
    call = Call().opened()
    call.caller_says("Yes yes, book it.")
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.tool("schedule", done=False, response=call.response())
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_read_back_in_other_words_counts_once_most_of_it_was_heard():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says("So that is Tuesday the twenty-fourth at ten in the morning, right?", 4000)
    call.wait(3.4).caller_says("Right.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == {"s1"}


def test_a_result_after_the_call_is_still_written_down():
    call = Call().opened()
    asked = call.tool("schedule")
    call.on(ev.StreamEnded())
    call.tool_answers(asked, status="booked")
    assert call.talk.tools.uses[asked].result == {"status": "booked"}
    call.ends_well()


@pytest.mark.parametrize("said", ["No, the second one.", "Actually, the other one would be better.", "Wait."])
def test_a_no_to_the_read_back_confirms_nothing(said: str):
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says(said)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_second_read_back_must_be_heard_again():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says("Yes.")
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, slot_id="s1")
    call.tool("schedule", done=False, response=call.response())
    assert call.of(do.RunTool)[-1].confirmed == frozenset()
