"""Stop means stop, whatever was under way when it was said: a transfer, the greeting, another ending."""

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import GREETING, Call


def test_nobody_is_put_through_who_said_stop_while_a_colleague_was_looked_for():
    """R57, R83."""
    call = Call().opened()
    call.caller_says("A human, please.")
    asked = call.tool("transfer_to_human")
    call.on(ev.KeyPressed("9"))
    call.tool_answers(asked, status="transferring", _person="Sal", _number="+12125550111")
    call.agent_says("I won't call again. Goodbye.", 1500)
    call.wait(5)
    assert not call.of(do.Transfer)
    assert call.of(do.HangUp)


def test_nobody_is_put_through_who_said_stop_during_the_announcement():
    """R57, R83."""
    call = Call().opened()
    call.caller_says("A human, please.")
    response = call.response()
    call.agent_says("I'm putting you through.", 3000, response=response, done=False)
    call.tool_answers(call.tool("transfer_to_human", response=response), _person="Sal", _number="+12125550111")
    call.wait(0.5).on(ev.KeyPressed("9"))
    call.agent_says("I won't call again. Goodbye.", 1500)
    call.wait(5)
    assert not call.of(do.Transfer)
    assert call.of(do.HangUp)


def test_a_stop_before_the_greeting_is_neither_recorded_nor_followed_by_it():
    """R57, R77: the goodbye is no greeting; nothing is left out of it."""
    call = Call().model_opens().model_ready()
    call.caller_says("Stop calling me.")
    call.agent_says("I won't call again. Goodbye.", 1500)
    call.wait(8)
    assert not call.of(do.StartRecording)
    assert not [add for add in call.of(do.AddItem) if "mandatory" in add.text]
    assert call.of(do.HangUp)


def test_speech_over_the_goodbye_does_not_call_a_stop_back():
    """R57: not even when the greeting's protection ends while they speak."""
    call = Call().model_opens().model_ready().caller_says("Hello?")
    call.agent_says(GREETING, 6000)
    call.wait(1).on(ev.KeyPressed("9"))
    call.agent_says("I won't call again. Goodbye.", 1500)
    call.caller_begins().wait(6)
    assert call.talk.ending.reason == "opted_out"
    assert call.of(do.HangUp)


def test_a_short_turn_whose_words_come_late_does_not_call_a_stop_back():
    """R57."""
    call = Call().opened()
    call.caller_says("And?")
    call.agent_says("Roughly how much is your electricity bill each month, if you had to guess?", 6000)
    call.wait(0.5).caller_begins("u50").wait(0.1)
    call.voice = False
    call.wait(0.4).on(ev.SpeechStopped("u50")).on(ev.SpeechCommitted("u50")).on(ev.KeyPressed("9"))
    call.on(ev.CallerWords("u50", "Two hundred."))
    assert call.talk.ending.reason == "opted_out"


def test_speech_that_was_in_doubt_does_not_call_a_stop_back():
    """R57."""
    call = Call().opened()
    call.caller_says("And?")
    call.agent_says("Roughly how much is your electricity bill each month, if you had to guess?", 6000)
    call.wait(0.5).caller_begins("u50").wait(0.1).on(ev.KeyPressed("9"))
    call.wait(1)
    assert call.talk.ending.reason == "opted_out"


def test_a_yes_after_a_stop_starts_no_recording():
    """R77."""
    call = Call(record_after_consent=True).opened()
    call.on(ev.KeyPressed("9")).caller_says("Yes.")
    assert not call.of(do.StartRecording)


def test_a_card_keyed_with_other_keys_between_is_noticed():
    call = Call().opened()
    for key in "42424242*4242#4242":
        call.on(ev.KeyPressed(key))
    assert [flag["flag"] for flag in call.talk.flags] == ["card_number"]
