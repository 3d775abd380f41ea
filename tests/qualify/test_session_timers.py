"""Timers ring when something is due, and never otherwise: a session must not keep its loop awake."""

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import GREETING, Call, audio


def test_a_long_answer_lets_the_timers_rest():
    """A response that we asked for and that goes on beyond every deadline of its request."""
    call = Call().model_opens().model_ready().wait(1.5)
    assert call.of(do.AskResponse)
    response = call.response()
    item = call.agent_says(GREETING, 1000, response=response, done=False)
    call.forget()
    for _ in range(60):
        call.wait(1.0).on(ev.AgentAudio(response, item, audio(1000)))
    assert len(call.of(do.WakeAt)) < 120


def test_silence_lets_the_timers_rest():
    call = Call().opened()
    call.wait(60.0)
    assert len(call.of(do.WakeAt)) < 120


def test_an_outage_before_a_machine_rings_no_alarm():
    """Nothing covers it, as a machine is told nothing: the time for that is no deadline."""
    call = Call(leaves_message=True).model_opens().model_ready()
    call.on(ev.Verdict("machine_start")).on(ev.ModelLost(1006)).forget().wait(7)
    assert len(call.of(do.WakeAt)) < 40
