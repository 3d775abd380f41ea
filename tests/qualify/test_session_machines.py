"""Machines that answer, as scripts: hung up on, left a message, or told apart from a person after all."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify import outcome
from qualify.ending import TAKEOVER
from tests.qualify.script import Call
from tests.qualify.test_outcomes import desk

BEEP = "machine_end_beep"


def speaking(call: Call) -> Call:
    """The agent is in the middle of a sentence."""
    response = call.response()
    call.agent_says("Do you own your home, or do you rent it?", 3000, response=response, done=False)
    return call.wait(0.5).forget()


def test_a_machine_is_hung_up_on_without_a_word_more():
    """R57."""
    call = speaking(Call().opened())
    call.on(ev.Verdict(BEEP)).on(ev.Verdict(BEEP))
    assert [type(c) for c in call.sent if isinstance(c, do.CancelResponse | do.Clear | do.HangUp)] == [
        do.Clear,
        do.CancelResponse,
        do.HangUp,
    ]
    call.on(ev.StreamEnded()).ends_well()


def test_a_message_is_left_by_the_carrier_once_we_are_silent():
    """R57, R61: the model is cut off, and the line is neither ended nor spoken on; the redirect ends our stream."""
    call = speaking(Call(leaves_message=True).opened())
    call.on(ev.Verdict(BEEP)).on(ev.Verdict(BEEP))
    assert len(call.of(do.CancelResponse)) == len(call.of(do.Clear)) == len(call.of(do.LeaveMessage)) == 1
    call.on(ev.AgentAudio("r1", "late", "/" * 40)).wait(3)
    assert not call.of(do.HangUp)
    assert not call.of(do.Play)
    call.on(ev.StreamEnded())
    assert not call.of(do.HangUp)
    assert call.talk.ending.reason == "voicemail"
    call.ends_well()


def test_a_fax_takes_no_message():
    call = speaking(Call(leaves_message=True).opened())
    call.on(ev.Verdict("fax"))
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert outcome.settle(call.talk, desk()).reached == "machine"


def test_a_model_that_hears_the_machine_first_waits_for_the_tone_in_silence():
    call = Call(leaves_message=True).opened()
    call.tool("end_call", '{"reason": "voicemail"}')
    call.wait(0.5).on(ev.Verdict(BEEP)).wait(1)
    assert len(call.of(do.LeaveMessage)) == 1
    assert not call.of(do.AskResponse)
    assert not call.of(do.HangUp)
    call.on(ev.StreamEnded())
    assert outcome.settle(call.talk, desk()).reached == "voicemail"
    call.ends_well()


def test_a_message_nobody_leaves_does_not_hold_the_line():
    call = speaking(Call(leaves_message=True).opened())
    call.on(ev.Verdict(BEEP)).wait(TAKEOVER - 0.5)
    assert not call.of(do.HangUp)
    call.wait(1)
    assert len(call.of(do.HangUp)) == 1
    assert "not_taken_over" in [flag["flag"] for flag in call.talk.flags]
    call.on(ev.StreamEnded()).ends_well()


@pytest.mark.parametrize("leaves_message", [False, True])
def test_a_verdict_after_a_conversation_began_hangs_up_on_nobody(leaves_message: bool):
    call = Call(leaves_message=leaves_message).opened()
    call.caller_says("Yes, sure.")
    assert len(call.of(do.Reached)) == 1
    speaking(call).on(ev.Verdict(BEEP))
    assert not call.of(do.HangUp)
    assert not call.of(do.Clear)
    assert {"flag": "late_machine_verdict", "detail": BEEP} in call.talk.flags
    call.caller_says("I own it.")
    call.on(ev.StreamEnded())
    assert outcome.settle(call.talk, desk()).reached == "human"


def test_an_answer_that_was_taken_is_a_person():
    """Where nothing is transcribed, the tools tell."""
    call = Call(transcribed=False).opened()
    call.tool_answers(call.tool("save_answers"), saved=["homeowner"], open=[])
    assert call.of(do.Reached) == [do.Reached("human")]


@pytest.mark.parametrize(
    "turns",
    [
        ["Please leave a message after the tone."],
        ["To leave a callback number press five.", "Record your message now."],
        ["The person you called is not available to take your call.", "Goodbye."],
    ],
)
def test_a_machine_that_talks_on_is_still_a_machine(turns: list[str]):
    call = Call().opened()
    for words in turns:
        call.caller_says(words)
    assert not call.of(do.Reached)
    call.on(ev.Verdict(BEEP))
    assert call.of(do.HangUp)


def test_a_greeting_in_two_pieces_before_ours_was_heard_proves_no_person():
    call = Call()
    call.model_opens().model_ready().caller_says("Hi, this is Bob.").caller_says("You know what to do.")
    call.on(ev.Verdict(BEEP))
    assert call.of(do.HangUp)


USAGE = {"input_token_details": {"text_tokens": 1000}, "output_token_details": {"audio_tokens": 100}}


def test_what_a_cut_response_cost_is_counted_before_the_model_is_let_go():
    """R57: its price comes with the end that our cancel brings about."""
    call = speaking(Call().opened())
    call.on(ev.Verdict(BEEP))
    assert call.of(do.HangUp)
    assert not call.of(do.DropModel)
    before = call.talk.usage.usd
    call.on(ev.ResponseEnded(call.talk.responses.active, "cancelled", "client_cancelled", usage=USAGE))
    assert call.talk.usage.usd > before
    call.on(ev.StreamEnded()).ends_well()


def test_the_price_of_a_response_that_the_calls_end_cut_short_is_waited_for():
    """The person hangs up in the middle of it: cancelled by its id, and billed when it says what it cost."""
    call = speaking(Call().opened())
    active = call.talk.responses.active
    call.on(ev.StreamEnded())
    assert [cancel.response_id for cancel in call.of(do.CancelResponse)] == [active]
    assert call.session.over
    assert call.session.owed
    call.on(ev.ResponseEnded(active, "cancelled", "client_cancelled", usage=USAGE))
    assert not call.session.owed
    assert call.talk.usage.usd > 0
    call.ends_well()


def test_a_call_that_ends_between_responses_owes_nothing():
    call = Call().opened()
    call.on(ev.StreamEnded())
    assert not call.session.owed
    assert call.of(do.DropModel)
