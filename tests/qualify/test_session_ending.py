"""How calls end."""

import pytest

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import Call


def farewell(call: Call, ms: int = 2000) -> None:
    response = call.response()
    call.agent_says("See you then. Goodbye.", ms, response=response, done=False)
    call.tool("end_call", '{"reason": "completed"}', response=response)


def test_the_goodbye_is_heard_before_the_line_drops():
    """Rules 52, 55; twilio R69."""
    call = Call().opened()
    farewell(call)
    assert [c.output for c in call.of(do.AnswerTool)] == [{"status": "ending"}]
    call.wait(1.9)
    assert not call.of(do.HangUp)
    call.wait(0.2)
    assert len(call.of(do.HangUp)) == 1
    assert not call.of(do.AskResponse)
    call.wait(0.1).on(ev.StreamEnded())
    assert call.talk.ending.by == "agent"
    call.ends_well()


def test_marks_that_never_come_back_do_not_hold_the_line():
    """Rule 56, R69: bounded."""
    call = Call().opened()
    call.phone.echoes = False
    farewell(call)
    call.wait(3.9)
    assert not call.of(do.HangUp)
    call.wait(0.5)
    assert len(call.of(do.HangUp)) == 1


def test_speaking_before_the_goodbye_was_heard_calls_the_ending_back():
    """Rule 56."""
    call = Call().opened()
    farewell(call)
    call.wait(0.5).caller_says("Wait, one more question.")
    call.agent_says("Of course.", 500, response=call.response())
    call.wait(4)
    assert not call.of(do.HangUp)
    assert not call.talk.ending.decided


def test_a_goodbye_over_the_goodbye_does_not():
    call = Call().opened()
    farewell(call)
    call.wait(0.5).caller_says("Thanks, bye.")
    call.agent_says("Bye!", 300, response=call.response())
    call.wait(1)
    assert len(call.of(do.HangUp)) == 1


def test_end_call_without_a_word_of_farewell_gets_one():
    call = Call().opened()
    call.caller_says("No thanks.")
    call.tool("end_call", '{"reason": "not_interested"}', response=call.response())
    assert len(call.of(do.AskResponse)) == 2
    assert "Goodbye." in call.of(do.AddItem)[-1].text
    call.agent_says("Goodbye.", 600)
    call.wait(0.8)
    assert len(call.of(do.HangUp)) == 1


def test_a_farewell_that_never_comes_is_not_waited_for_long():
    call = Call().opened()
    call.caller_says("No thanks.")
    call.tool("end_call", '{"reason": "not_interested"}', response=call.response())
    call.wait(6.5)
    assert len(call.of(do.HangUp)) == 1


def test_hanging_up_on_us_ends_everything():
    """Rules 54, 57; R70."""
    call = Call().opened()
    call.agent_says("A long sentence.", 4000, response=call.response())
    call.wait(1).on(ev.StreamEnded("stop"))
    assert call.of(do.DropModel)
    assert call.talk.ending.by == "caller"
    line = call.talk.transcript.last("agent")
    assert line is not None
    assert line.unheard
    call.ends_well()


def test_a_lost_socket_is_the_carriers_ending():
    """R70."""
    call = Call().opened()
    call.on(ev.StreamEnded("closed"))
    assert call.talk.ending.by == "carrier"
    call.ends_well()


def test_a_terminal_status_tears_the_call_down():
    """R71."""
    call = Call().opened()
    call.on(ev.CallOver())
    call.ends_well()


@pytest.mark.parametrize(
    "verdict", ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"]
)
def test_a_machine_verdict_cancels_clears_and_hangs_up_once(verdict: str):
    """R57, and no response is created after it."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hi.")
    response = call.response()
    call.agent_says("Hi Pat, this is", 3000, response=response, done=False)
    call.wait(1).on(ev.Verdict(verdict)).on(ev.Verdict(verdict))
    assert [c.response_id for c in call.of(do.CancelResponse)] == [response]
    assert len(call.of(do.Clear)) == 1
    assert len(call.of(do.HangUp)) == 1
    call.forget().done(response, "cancelled").wait(1)
    assert not call.of(do.AskResponse)
    call.on(ev.StreamEnded())
    assert call.talk.ending.reason == ("machine" if verdict == "fax" else "voicemail")


@pytest.mark.parametrize("verdict", ["human", "unknown"])
def test_other_verdicts_never_hang_up(verdict: str):
    """R58."""
    call = Call().opened()
    call.on(ev.Verdict(verdict)).wait(2)
    assert not call.of(do.HangUp)


def test_a_verdict_before_the_model_is_there():
    """R56."""
    call = Call()
    call.on(ev.Verdict("machine_start"))
    assert call.of(do.HangUp)
    call.on(ev.StreamEnded())
    call.ends_well()


@pytest.mark.parametrize("words", ["Stop calling me.", "Take me off your list", "Don't call me again!", "stop"])
def test_an_opt_out_in_words_suppresses_and_ends(words: str):
    """DESIGN truth 4."""
    call = Call().opened()
    call.caller_says(words)
    assert [c.channel for c in call.of(do.Suppress)] == ["voice"]
    response = call.response()
    call.agent_says("I won't call again. Goodbye.", 1500, response=response, done=False)
    call.tool("end_call", '{"reason": "opted_out"}', response=response)
    call.wait(1.7)
    assert len(call.of(do.HangUp)) == 1
    assert len(call.of(do.Suppress)) == 1


def test_an_opt_out_ends_the_call_even_if_the_model_goes_on():
    call = Call().opened()
    call.caller_says("Don't ever call me again.")
    call.agent_says("Sure! Do you own your home?", 1500, response=call.response())
    call.wait(2)
    assert len(call.of(do.HangUp)) == 1


def test_an_opt_out_ends_the_call_even_if_the_model_says_nothing():
    call = Call().opened()
    call.caller_says("Take me off your list.")
    call.wait(7)
    assert len(call.of(do.HangUp)) == 1


def test_key_nine_opts_out():
    """R74."""
    call = Call().opened()
    call.agent_says("A long sentence.", 4000, response=call.response())
    call.wait(1).on(ev.KeyPressed("9"))
    assert [c.channel for c in call.of(do.Suppress)] == ["keypress"]
    assert call.of(do.Clear)
    call.agent_says("I won't call again. Goodbye.", 1000)
    call.wait(1.2)
    assert len(call.of(do.HangUp)) == 1


def test_other_keys_are_told_to_the_model_together():
    """Rule 68, R74."""
    call = Call().opened()
    for digit in "123":
        call.on(ev.KeyPressed(digit)).wait(0.3)
    call.wait(1.5)
    assert [c.text for c in call.of(do.AddItem)] == ["[keypad] 123"]
    assert len(call.of(do.AskResponse)) == 1


def test_a_silent_person_is_asked_twice_and_then_left_in_peace():
    call = Call().opened()
    call.wait(8.2)
    call.agent_says("Are you still there?", 1000)
    call.wait(9.5)
    call.agent_says("Can you hear me?", 1000)
    call.wait(10)
    assert len(call.of(do.HangUp)) == 1
    assert call.talk.ending.reason in ("failed", "unreachable")


def test_time_runs_out_gracefully_and_then_hard():
    """Rule 59."""
    call = Call(max_seconds=60.0, wrap_up_before=20.0).opened()
    for _ in range(7):
        call.wait(5).caller_says("Go on.")
        call.agent_says("Well.", 300, response=call.response())
    assert "Time is up" in call.of(do.AddItem)[-1].text
    call.agent_says("Sorry, goodbye.", 800)
    call.wait(1.2)
    assert len(call.of(do.HangUp)) == 1


def test_money_runs_out():
    call = Call(max_usd=0.01).opened()
    response = call.response()
    call.done(response, usage={"input_token_details": {"audio_tokens": 1000}, "output_token_details": {}})
    assert "money_limit" in [f["flag"] for f in call.talk.flags]


def test_a_phone_that_sends_nothing_is_taken_for_dead():
    """R73."""
    call = Call().opened()
    call.frames = False
    call.wait(5.3)
    assert call.of(do.HangUp)
    call.wait(6)
    assert call.session.over
