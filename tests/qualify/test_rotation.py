"""A model session is left before it ends: at a quiet moment, with nothing lost and nobody greeted twice."""

from typing import Any

from qualify import commands as do
from qualify import events as ev
from qualify.session import Session
from tests.qualify.script import GREETING, Call, audio, terms

HOUR = 3600.0


def old(**changes: Any) -> Call:
    """A session of ten minutes, five of which may be used; the greeting is over."""
    call = Call(**({"model_lasts": 600.0, "idle_after": 10_000.0} | changes)).opened()
    return call.wait(290).forget()


def to_the_second_line(call: Call) -> Call:
    call.wait(6)
    assert len(call.of(do.PrepareModel)) == 1
    return call


def test_a_second_line_is_opened_and_used_at_a_quiet_moment():
    """Rule 59; realtime.md section 3, point 9: make before break."""
    call = to_the_second_line(old())
    assert not call.of(do.SwitchModel)
    call.on(ev.StandbyReady())
    assert len(call.of(do.SwitchModel)) == 1
    assert not call.of(do.ConnectModel)
    call.forget().model_opens().model_ready()
    texts = [command.text for command in call.of(do.AddItem)]
    assert "Do not greet" in texts[-1]
    assert "dropped" not in texts[-1]
    assert not call.of(do.AskResponse)  # nobody waits for a word
    assert call.talk.listening
    assert call.talk.flags == []
    assert call.talk.counts["rotations"] == 1


def test_it_waits_for_the_agent_to_be_heard_out():
    call = to_the_second_line(old())
    call.caller_says("And then?")
    response = call.response()
    call.on(ev.StandbyReady())
    assert not call.of(do.SwitchModel)
    call.agent_says("Then we come and look at your roof.", 3000, response=response)
    call.wait(2)
    assert not call.of(do.SwitchModel)
    call.wait(2)
    assert len(call.of(do.SwitchModel)) == 1


def test_it_waits_for_the_person_and_for_tools():
    call = to_the_second_line(old())
    call.on(ev.SpeechStarted("u9")).on(ev.StandbyReady()).wait(1)
    assert not call.of(do.SwitchModel)
    call.on(ev.SpeechStopped("u9")).on(ev.SpeechCommitted("u9"))
    asked = call.tool("check_slots", response=call.response())
    call.wait(1)
    assert not call.of(do.SwitchModel)
    call.tool_answers(asked, slots=[])
    call.done(call.response()).wait(0.4)
    assert len(call.of(do.SwitchModel)) == 1


def test_what_the_person_says_meanwhile_is_kept_and_answered():
    """Realtime.md section 3, points 2 and 7: the ring bridges the change."""
    call = to_the_second_line(old()).on(ev.StandbyReady()).forget()
    for number in range(30):
        call.on(ev.CallerAudio(audio(20), 20 * number))
    assert not call.of(do.SendAudio)
    call.model_opens().model_ready()
    assert len(call.of(do.SendAudio)) == 30


def test_shortly_before_the_end_the_change_comes_whatever_goes_on():
    """A hard cut at 30 seconds: what was cut off is taken up again."""
    call = to_the_second_line(old())
    call.caller_says("Tell me more.")
    call.response()
    call.on(ev.StandbyReady())
    stay_busy(call, 255)
    assert not call.of(do.SwitchModel)
    stay_busy(call, 15)
    assert len(call.of(do.SwitchModel)) == 1
    call.forget().model_opens().model_ready()
    assert len(call.of(do.AskResponse)) == 1


def stay_busy(call: Call, seconds: float) -> None:
    """A response that goes on and on."""
    for _ in range(int(seconds)):
        call.wait(1).on(ev.AgentWords(call.talk.responses.active, "a_long", "…"))


def test_without_a_second_line_the_cut_is_a_plain_reconnect():
    call = to_the_second_line(old())
    call.wait(280)
    assert not call.of(do.SwitchModel)
    assert len(call.of(do.ConnectModel)) == 1


def test_a_second_line_that_cannot_be_had_is_tried_for_again():
    call = to_the_second_line(old()).on(ev.StandbyLost("http_503")).wait(6)
    assert len(call.of(do.PrepareModel)) == 2


def test_a_session_that_dies_while_a_second_line_stands_by_uses_it():
    call = to_the_second_line(old())
    call.caller_says("Hm.", commit=False)
    call.on(ev.SpeechStarted("u_x")).on(ev.StandbyReady()).forget()
    call.on(ev.ModelLost(1011))
    assert len(call.of(do.SwitchModel)) == 1
    assert not call.of(do.ConnectModel)


def test_the_session_after_is_left_in_its_turn():
    call = to_the_second_line(old()).on(ev.StandbyReady()).model_opens().model_ready().forget()
    call.wait(298)
    assert not call.of(do.PrepareModel)
    call.wait(5)
    assert len(call.of(do.PrepareModel)) == 1


def test_the_end_the_api_announces_is_believed_when_it_is_sooner():
    """`expires_at` is wall time; the session's clock is another."""
    epoch = 1_700_000_000.0

    def rotate_at(expires_at: float) -> float:
        session = Session(terms(max_seconds=9000.0), 100.0, epoch)
        session.handle(ev.ModelOpened(expires_at), 100.0)
        return session.talk.recovery.rotate_at - 100.0

    assert rotate_at(epoch + 100 + 1800) == 1500
    assert rotate_at(0.0) == 3000
    assert rotate_at(epoch - 5) == 3000  # a clock that is wrong is not believed
    assert rotate_at(epoch + 100 + 9 * HOUR) == 3000


def test_no_change_once_the_call_is_ending():
    call = to_the_second_line(old())
    call.tool("end_call", response=call.response(request=""), done=False)
    call.on(ev.StandbyReady()).wait(0.5)
    assert not call.of(do.SwitchModel)


def test_nobody_is_greeted_twice_even_when_the_greeting_is_long_gone():
    call = to_the_second_line(old()).on(ev.StandbyReady()).forget().model_opens().model_ready()
    said = [(c.role, c.text) for c in call.of(do.AddItem)]
    assert ("assistant", GREETING) in said
    assert not [c for c in call.of(do.AddItem) if "Begin again" in c.text]
