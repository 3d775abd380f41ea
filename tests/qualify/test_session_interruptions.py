"""Interrupting: clear first, then the truth about what was heard."""

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import Call, audio


def test_interrupting_clears_at_once_then_truncates_at_what_was_heard():
    """Rules 16, 24, 25, R67: heard, not sent; the error is below 20 ms."""
    call = Call().opened()
    before = call.phone.played_bytes
    item = call.agent_says("Roughly how much is your electricity bill each month?", 4000, response=call.response())
    call.wait(1.33).caller_interrupts()
    kinds = [type(c) for c in call.sent if not isinstance(c, do.Tell | do.WakeAt)]
    assert kinds[-2:] == [do.Clear, do.Truncate]
    cut = call.of(do.Truncate)[-1]
    truth_ms = (call.phone.played_bytes - before) / 8
    assert cut.item_id == item
    assert truth_ms > 1200
    assert abs(cut.audio_end_ms - truth_ms) <= 20


def test_marks_returned_by_the_clear_prove_nothing():
    """Rules 18, R65, R66."""
    call = Call().opened()
    item = call.agent_says("A long sentence that goes on and on.", 4000, response=call.response())
    call.wait(1.0).caller_interrupts()
    heard = call.talk.playback.items[item].heard
    call.wait(0.1)
    assert call.talk.playback.items[item].heard == heard
    assert call.talk.counts["stale_marks"] > 5


def test_nothing_unheard_means_nothing_is_sent():
    """Rule 26: five seconds after the end of playback."""
    call = Call().opened()
    call.agent_says("Short.", 400, response=call.response())
    call.wait(5.4).forget().caller_interrupts()
    assert not call.of(do.Clear)
    assert not call.of(do.Truncate)


def test_the_response_is_cancelled_once_by_its_id():
    """Rule 27: the server is told not to; a cancellation of its own changes nothing."""
    call = Call().opened()
    response = call.response()
    call.agent_says("A long sentence.", 4000, response=response, done=False)
    call.wait(1).caller_interrupts()
    call.wait(0.3).done(response, "cancelled", "turn_detected")
    assert [c.response_id for c in call.of(do.CancelResponse)] == [response]


def test_late_audio_of_an_interrupted_response_is_dropped():
    """Rules 21, R66."""
    call = Call().opened()
    response = call.response()
    item = call.agent_says("A long sentence.", 4000, response=response, done=False)
    call.wait(1).caller_interrupts().forget()
    call.on(ev.AgentAudio(response, item, audio(200)))
    assert not call.of(do.Play)


def test_interrupted_before_its_first_audio():
    """Rule 22."""
    call = Call().opened()
    response = call.response()
    call.caller_interrupts().forget()
    call.agent_says("Too late.", 500, response=response)
    assert not call.of(do.Play)
    assert not call.of(do.Truncate)


def test_a_finished_response_that_still_plays_can_be_interrupted():
    """Rule 23."""
    call = Call().opened()
    call.agent_says("A long sentence.", 4000, response=call.response())
    assert not call.talk.responses.busy
    call.wait(1).caller_interrupts()
    assert call.of(do.Clear)


def test_later_items_of_the_turn_were_not_heard_at_all():
    """Rule 24 d."""
    call = Call().opened()
    response = call.response()
    first = call.agent_says("First part.", 1000, response=response, done=False)
    second = call.agent_says("Second part.", 1000, response=response)
    call.wait(0.5).caller_interrupts()
    cuts = {c.item_id: c.audio_end_ms for c in call.of(do.Truncate)}
    assert abs(cuts[first] - 500 - call.talk.terms.short_speech * 1000) <= 20
    assert cuts[second] == 0


def test_the_transcript_keeps_only_what_was_heard():
    """Rule 30."""
    call = Call().opened()
    item = call.agent_says("one two three four five six seven eight", 4000, response=call.response())
    call.wait(2.05).caller_interrupts()
    line = call.talk.transcript.find(item)
    assert line is not None
    assert line.heard.split() == ["one", "two", "three", "four"]
    assert line.unheard == "five six seven eight"


def test_a_truncate_error_does_not_end_the_call():
    """Rule 31."""
    call = Call().opened()
    call.agent_says("A long sentence.", 4000, response=call.response())
    call.wait(1).caller_interrupts()
    cut = call.of(do.Truncate)[-1]
    call.on(ev.ModelError("invalid_value", "Audio content of 3700ms is already shorter than 3760ms", "", cut.event_id))
    assert not call.session.over
    assert "truncate_refused" in [f["flag"] for f in call.talk.flags]


def test_all_audio_reaches_the_phone_with_unique_marks_every_200_ms():
    """Rules 17, 20, R65: odd sizes, big pieces, a remainder at the end."""
    call = Call().opened()
    response = call.response()
    for size in (20, 37, 1000, 3, 180, 250):
        call.on(ev.AgentAudio(response, "a77", audio(size)))
    call.on(ev.AgentAudioEnded(response, "a77"))
    from qualify.audio import size as length

    total = sum(length(c.payload) for c in call.of(do.Play))
    assert total == (20 + 37 + 1000 + 3 + 180 + 250) * 8
    names = [c.name for c in call.of(do.Mark)]
    assert len(names) == len(set(names))
    since = 0
    for command in call.sent:
        if isinstance(command, do.Play):
            since += length(command.payload)
        elif isinstance(command, do.Mark):
            assert since <= 1600
            since = 0
    assert since == 0


def test_a_phone_that_never_echoes_leaves_heard_bounded_by_one_chunk():
    """Rule 32: the guess inside a chunk never runs on."""
    call = Call().opened()
    call.phone.echoes = False
    item = call.agent_says("A long sentence.", 4000, response=call.response())
    call.wait(3)
    assert call.talk.playback.heard_ms(item, call.now) <= 200
