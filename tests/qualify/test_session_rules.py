"""Small rules of the Realtime protocol that no other script tells."""

import json

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify import realtime_frames
from tests.qualify.script import Call, audio


@pytest.mark.parametrize("code", ["input_audio_buffer_commit_empty", "response_cancel_not_active"])
def test_benign_errors_change_nothing(code: str):
    """Rules 14, 63: nobody commits by hand in voice detection, and if the server says so it is no trouble."""
    call = Call().opened()
    call.on(ev.ModelError(code, "x", "", "cancel_9"))
    assert [c for c in call.sent if not isinstance(c, do.WakeAt)] == []
    assert not call.session.over


def test_heard_time_is_kept_for_each_item_not_for_each_response():
    """Rule 15: two items of one response, the first heard in full and the second in part."""
    call = Call().opened()
    call.caller_says("Go on.")
    response = call.response()
    first = call.agent_says("First part.", 1000, response=response, done=False)
    second = call.agent_says("Second part.", 2000, response=response)
    call.wait(1.5)
    assert call.talk.playback.heard_ms(first, call.now) == 1000
    assert call.talk.playback.heard_ms(second, call.now) == pytest.approx(500, abs=20)


def test_a_cancelled_response_is_paid_for_and_no_failure():
    """Rule 29."""
    call = Call().opened()
    call.caller_says("Go on.")
    response = call.response()
    call.agent_says("A long sentence.", 4000, response=response, done=False)
    call.wait(1).caller_interrupts()
    usage = {"input_token_details": {"text_tokens": 1000}, "output_token_details": {"audio_tokens": 100}}
    before = call.talk.usage.usd
    call.done(response, "cancelled", "client_cancelled", usage=usage)
    assert call.talk.usage.usd > before
    assert call.talk.failures == 0
    assert "response_failed" not in [flag["flag"] for flag in call.talk.flags]


def test_a_response_without_a_sound_is_followed_up_when_the_line_stays_silent():
    """Rule 43."""
    call = Call().opened()
    call.caller_says("Hold on a second.")
    call.done(call.response())
    call.forget().wait(call.talk.terms.idle_after + 0.5)
    assert "still there" in call.of(do.AddItem)[-1].text
    assert len(call.of(do.AskResponse)) == 1


def test_no_voice_is_asked_for_outside_the_conversation():
    """Rule 53: fillers would sound over the answer; a request never asks for out-of-band audio."""
    response = json.loads(realtime_frames.ask(do.AskResponse("rc_1")))["response"]
    assert "conversation" not in response


def test_audio_goes_out_before_anything_else_is_done():
    """Rule 64: the first command for a piece of audio plays it, the first for an interruption clears."""
    call = Call().opened()
    call.caller_says("Go on.")
    response = call.response()
    call.agent_says("A long sentence.", 2000, response=response, done=False)
    call.forget().on(ev.AgentAudio(response, "a90", audio(20)))
    assert isinstance(call.sent[0], do.Play)
    call.wait(0.5).forget().caller_interrupts()
    first = next(c for c in call.sent if not isinstance(c, do.SendAudio | do.WakeAt | do.Mark | do.Tell))
    assert isinstance(first, do.Clear)
