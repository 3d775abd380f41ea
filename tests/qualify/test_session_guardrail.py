"""Words that must never be said: stopped while they are still only written."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify.audio import size
from tests.qualify.script import GREETING, MANDATORY, Call, audio

BAD = ("guaranteed savings", "free solar")


def test_forbidden_words_are_stopped_before_they_are_heard():
    """Rule 67: clear, cancel by id, truncate to what was heard, one safe follow-up."""
    call = Call(forbidden=BAD).opened()
    call.caller_says("What do I get?").forget()
    response = call.response(request=call.talk.responses.request)
    call.on(ev.AgentItem(response, "a70"))
    call.on(ev.AgentWords(response, "a70", "With us you get truly guaranteed"))
    for _ in range(10):
        call.on(ev.AgentAudio(response, "a70", audio(200)))
    call.wait(0.5)
    assert not call.of(do.Clear)
    call.on(ev.AgentWords(response, "a70", " savings, every single"))
    kinds = [type(c) for c in call.sent if isinstance(c, do.Clear | do.CancelResponse | do.Truncate | do.AddItem)]
    assert kinds == [do.Clear, do.CancelResponse, do.Truncate, do.AddItem]
    assert call.of(do.Truncate)[0].audio_end_ms <= 520
    call.forget().on(ev.AgentAudio(response, "a70", audio(200)))
    assert not call.of(do.Play)
    call.done(response, "cancelled", "client_cancelled")
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says("What you save depends on your roof.", 1000)
    assert call.of(do.Play)
    assert "forbidden_words_stopped" in [flag["flag"] for flag in call.talk.flags]
    line = call.talk.transcript.find("a70")
    assert line is not None
    assert "savings" not in line.heard


def test_forbidden_words_in_a_transcript_that_comes_whole():
    """Rule 67: a response already generated but still playing."""
    call = Call(forbidden=BAD).opened()
    call.caller_says("And?")
    response = call.response()
    item = call.agent_says("Yes.", 3000, response=response, done=False)
    call.wait(0.2).on(ev.AgentWords(response, item, "Yes. It's free solar, really.", True))
    assert call.of(do.Clear)
    assert [c.response_id for c in call.of(do.CancelResponse)] == [response]


@pytest.mark.parametrize("words", ["Savings are never guaranteed.", "Feel free. Solar panels are black."])
def test_harmless_words_pass(words: str):
    call = Call(forbidden=BAD).opened()
    call.caller_says("And?")
    call.agent_says(words, 1000)
    assert call.talk.flags == []


def test_a_monologue_is_not_waited_for():
    """R68: no more than half a minute lies ahead at the phone; the rest of the response is cancelled, cut and dropped."""
    call = Call().opened()
    call.caller_says("Tell me everything.").forget()
    response = call.response(request=call.talk.responses.request)
    call.on(ev.AgentItem(response, "a80"))
    for number in range(400):
        call.on(ev.AgentAudio(response, "a80", audio(200))).on(ev.AgentWords(response, "a80", f"word {number} "))
    played = sum(size(c.payload) for c in call.of(do.Play)) // 8
    assert 29_000 <= played <= 31_000
    assert [c.response_id for c in call.of(do.CancelResponse)] == [response]
    assert [c.audio_end_ms for c in call.of(do.Truncate)] == [pytest.approx(played, abs=1)]
    assert not call.of(do.Clear)
    call.done(response, "cancelled", "client_cancelled").wait(32)
    assert call.talk.playback.silent


def test_what_was_stopped_in_the_greeting_counts_as_not_said():
    """Rules 8, 67: mandatory lines that stood written but were cut before they were heard are still owed."""
    call = Call(forbidden=BAD).model_opens().model_ready().caller_says("Hello?").on(ev.Verdict("human"))
    response = call.response()
    call.on(ev.AgentItem(response, "a90")).on(ev.AgentWords(response, "a90", GREETING))
    for _ in range(20):
        call.on(ev.AgentAudio(response, "a90", audio(200)))
    call.wait(1.0).on(ev.AgentWords(response, "a90", " We offer guaranteed savings."))
    call.forget().done(response, "cancelled", "client_cancelled")
    assert [MANDATORY[-1] in item.text for item in call.of(do.AddItem)] == [True]
    call.agent_says(" ".join(MANDATORY), 4000)
    call.wait(2.0)
    assert not call.talk.listening
    call.wait(3.0)
    assert call.talk.listening
    assert call.talk.greeting.heard_ms is not None
    assert "greeting_unproven" not in [flag["flag"] for flag in call.talk.flags]


def test_endless_dots_are_read_in_no_time():
    call = Call(forbidden=BAD).opened()
    call.caller_says("And?")
    call.agent_says("Well" + "." * 50_000 + "free. Solar", 1000)
    assert call.talk.flags == []
