"""The opening of a call, as scripts."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify.greeting import Stage
from tests.qualify.script import ASK, GREETING, MANDATORY, Call, audio


def test_nothing_goes_to_the_model_before_its_configuration_is_confirmed():
    """Rule 1: session.update first; no audio, item or response before session.updated."""
    call = Call()
    call.model_opens()
    call.on(ev.CallerAudio(audio(20), 20)).wait(2)
    assert [type(c) for c in call.sent if isinstance(c, do.ToModel | do.SendAudio)] == [do.Configure]
    call.model_ready()
    assert len(call.of(do.SendAudio)) >= 1  # what was kept is handed over


def test_wrong_formats_end_the_call_with_an_apology_and_no_model_audio():
    """Rule 2."""
    call = Call()
    call.model_opens().model_ready("audio/pcm", "audio/pcm")
    assert not call.of(do.AskResponse)
    call.wait(6)
    assert call.of(do.HangUp)
    assert {"flag": "wrong_format", "detail": "audio/pcm audio/pcm"} in call.talk.flags


def test_greets_once_after_the_persons_hello():
    """Rule 8."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says(GREETING, 6000)
    call.wait(8)
    assert len(call.of(do.AskResponse)) == 1


def test_greets_after_a_short_silence():
    call = Call()
    call.model_opens().model_ready()
    assert not call.of(do.AskResponse)
    call.wait(1.3)
    assert len(call.of(do.AskResponse)) == 1


def test_mandatory_part_is_not_cut_and_listening_starts_once_it_was_heard():
    """Rule 33, DESIGN truth 6: protected without deafness."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.agent_says(GREETING, 6000)
    call.wait(1.0).caller_says("Who is this?")
    assert not call.of(do.Clear)
    assert call.talk.greeting.stage is Stage.SPEAKING
    call.wait(6.0)
    assert call.talk.listening
    share = len(" ".join(MANDATORY)) / len(GREETING)
    assert call.talk.greeting.heard_ms is not None
    assert call.talk.greeting.heard_ms >= 6000 * share * 0.95


def test_speech_during_the_protection_is_answered_afterwards():
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.agent_says(GREETING, 6000)
    call.wait(1.0).caller_says("Who is this?")
    call.wait(5.5)
    call.wait(2.0)
    assert len(call.of(do.AskResponse)) == 2


def test_an_opt_out_in_the_disclosure_acts_at_once():
    """Rule 33 and DESIGN truth 4."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    response = call.response()
    call.agent_says(GREETING, 6000, response=response, done=False)
    call.wait(1.0).caller_says("Stop calling me.")
    assert [c.channel for c in call.of(do.Suppress)] == ["voice"]
    assert call.of(do.Clear)
    assert call.of(do.CancelResponse)[0].response_id == response
    call.done(response, "cancelled", "client_cancelled")
    assert len(call.of(do.AskResponse)) == 2
    call.agent_says("I won't call again. Goodbye.", 1500)
    call.wait(2.0)
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    call.ends_well()


def test_a_greeting_that_leaves_out_the_disclosure_is_mended():
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.agent_says("Hey there! How are you doing?", 1500)
    assert "AI assistant" in call.of(do.AddItem)[-1].text
    assert len(call.of(do.AskResponse)) == 2
    call.agent_says(" ".join(MANDATORY), 5000)
    call.wait(8)
    assert call.talk.listening
    assert "greeting_incomplete" in [f["flag"] for f in call.talk.flags]


def test_a_failed_greeting_is_tried_again():
    """Rule 41."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.done(call.response(), "failed", code="server_error")
    call.wait(1)
    assert len(call.of(do.AskResponse)) == 2


def test_recording_starts_with_the_notice():
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    assert not call.of(do.StartRecording)
    call.agent_says(GREETING, 6000)
    assert len(call.of(do.StartRecording)) == 1


@pytest.mark.parametrize(
    ("answers", "recorded"),
    [
        (["Yes, sure."], True),
        (["Who is this?", "Oh, okay. Go ahead."], True),
        (["Sí, claro."], True),
        (["No, thanks.", "Yes, I own my home."], False),
        (["Sure, but please don't record me.", "Yes."], False),
        (["Who is this?"], False),
        ([None, ""], False),
    ],
)
def test_where_it_is_asked_for_recording_needs_a_yes(answers: list[str | None], recorded: bool):
    """R77: neither silence, nor a question, nor a no; and a no is for good."""
    call = Call(record_after_consent=True)
    call.model_opens().model_ready().caller_says("Yes, hello?")
    call.agent_says(GREETING, 6000)
    call.wait(7).model_ready()
    assert not call.of(do.StartRecording)
    for answer in answers:
        call.caller_says(answer)
        call.done(call.response())
    assert len(call.of(do.StartRecording)) == recorded


def test_the_refused_configuration_is_sent_once_more_in_its_smallest_form():
    """Rules 4, 5."""
    call = Call()
    call.model_opens()
    first = call.of(do.Configure)[0]
    call.on(ev.ModelError("unknown_parameter", "", "session.reasoning", first.event_id))
    assert call.of(do.Configure)[1].minimal
    call.model_ready().wait(1.3)
    assert len(call.of(do.AskResponse)) == 1
    assert ASK
