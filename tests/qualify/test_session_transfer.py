"""Handing a call to a colleague: on the person's wish, on a supervisor's order, and back when nobody takes it."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify import goals
from qualify.recovery import Standby
from tests.qualify.script import GREETING, Call

SAL = do.Transfer("Sal", "+12125550111")


def asks_for_a_person(call: Call) -> Call:
    call.caller_says("Can I talk to a real person?")
    response = call.response()
    call.agent_says("I'll put you through now.", 2000, response=response, done=False)
    call.tool_answers(call.tool("transfer_to_human", response=response), status="transferring", _person="Sal",
                      _number="+12125550111")  # fmt: skip
    return call


def handed_over(call: Call) -> Call:
    asks_for_a_person(call).wait(2.5)
    assert call.of(do.Transfer) == [SAL]
    return call.forget()


def system_items(call: Call) -> str:
    return "\n".join(item.text for item in call.of(do.AddItem) if item.role == "system")


def test_after_the_order_our_socket_stays_for_fifteen_seconds():
    """R83: closing first would end the call; after that only the socket is let go, never the call, which may be bridged."""
    call = handed_over(Call().opened())
    call.wait(14.3)
    assert not call.of(do.CloseStream)
    assert not call.of(do.HangUp)
    call.wait(0.7)
    assert len(call.of(do.CloseStream)) == 1
    assert not call.of(do.HangUp)
    assert "not_taken_over" in [flag["flag"] for flag in call.talk.flags]
    call.ends_well()


def test_the_order_is_given_once_whatever_happens_meanwhile():
    """R85: one order, whatever is heard, pressed or ordered while the carrier takes the call over."""
    call = handed_over(Call().opened())
    call.caller_says("Hello?").on(ev.KeyPressed("5")).on(ev.TakeOverAsked("Kim", "+12125550112", "Ann")).wait(3)
    assert not call.of(do.Transfer)
    call.on(ev.StreamEnded("stop"))
    assert call.talk.ending.by == "agent"
    call.ends_well()


def test_a_call_that_is_gone_is_settled_not_tried_again():
    """R85: 21220."""
    call = handed_over(Call().opened())
    call.on(ev.TransferFailed("call_over"))
    assert not call.of(do.Transfer)
    assert not call.of(do.ConnectModel)
    call.ends_well()


def test_a_refused_transfer_gives_the_call_back_to_the_agent():
    """The phone is still ours: the model is rebuilt from what was heard, and promises a call."""
    call = handed_over(Call().opened())
    call.on(ev.TransferFailed("carrier_down"))
    assert len(call.of(do.ConnectModel)) == 1
    call.model_opens().model_ready().model_ready()
    assert "nobody took the call" in system_items(call)
    assert "Can I talk to a real person?" in [item.text for item in call.of(do.AddItem) if item.role == "user"]
    call.agent_says("I'm sorry, nobody is free. Someone will call you back.", 2500)
    call.wait(3).caller_says("All right, bye.")
    assert not call.talk.ending.decided
    assert "needs_callback" in [flag["flag"] for flag in call.talk.flags]


def test_a_refused_order_in_the_middle_of_the_greeting_leaves_the_greeting_owed():
    """Rule 8: what was generated of it but cut off was not heard."""
    call = Call().model_opens().model_ready().caller_says("Hello?").on(ev.Verdict("human"))
    call.agent_says(GREETING, 6000)
    call.wait(1.0).on(ev.TakeOverAsked("Kim", "+12125550112", "Ann")).on(ev.TransferFailed("carrier_down"))
    call.forget().model_opens().model_ready().wait(2.0)
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says(GREETING, 6000)
    call.wait(1.0)
    assert not call.talk.listening
    call.wait(6.0)
    assert call.talk.listening
    assert call.talk.greeting.heard_ms is not None


def test_a_second_line_that_stood_by_is_gone_with_the_transfer():
    """It was let go of with the model: after a refusal nothing is switched to it."""
    call = Call().opened()
    call.talk.recovery.standby = Standby.READY
    handed_over(call).on(ev.TransferFailed("carrier_down"))
    call.model_opens().model_ready()
    call.agent_says("I'm sorry, nobody is free.", 1500)
    call.wait(3)
    assert not call.of(do.SwitchModel)


def test_an_opt_out_during_the_handover_is_kept_and_ends_a_call_that_is_given_back():
    """Stop means stop: recorded at once, and the agent does not take the talk up again."""
    call = handed_over(Call().opened()).on(ev.StopAsked("opted_out", "Ann"))
    assert call.of(do.Suppress) == [do.Suppress("api")]
    call.on(ev.TransferFailed("carrier_down"))
    assert len(call.of(do.HangUp)) == 1
    assert not call.of(do.ConnectModel)
    call.on(ev.StreamEnded("stop"))
    assert call.talk.ending.reason == "opted_out"
    call.ends_well()


def came_back(**details: object) -> Call:
    turns = [("agent", "Hi Pat, this is Ava, an AI assistant."), ("caller", "Can I talk to a person?")]
    event = ev.CameBack(turns=turns, at_ms=40_000, disclosed_ms=5200, **details)  # type: ignore[arg-type]
    return Call().on(event).model_opens().model_ready().model_ready()


def test_a_call_that_comes_back_goes_on_without_a_second_greeting():
    call = came_back(facts="- Do you own your home? yes")
    history = [(item.role, item.text) for item in call.of(do.AddItem)]
    assert history[0] == ("assistant", "Hi Pat, this is Ava, an AI assistant.")
    assert history[1] == ("user", "Can I talk to a person?")
    assert "Do not greet" in history[-1][1]
    assert "Do you own your home? yes" in history[-1][1]
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says("I'm sorry, nobody is free right now.", 2000)
    call.wait(2.5)
    assert not call.of(do.StartRecording)
    assert call.talk.greeting.heard_ms == 5200
    line = call.talk.transcript.last("agent")
    assert line is not None
    assert line.started_ms >= 40_000, "later than everything said before"
    assert "needs_callback" in [flag["flag"] for flag in call.talk.flags]


def test_a_take_over_that_failed_owes_the_person_nothing():
    call = came_back(ordered=True)
    assert "supervisor wanted to take this call over" in system_items(call)
    assert [flag["flag"] for flag in call.talk.flags] == ["take_over_failed"]


def test_a_call_taken_over_before_its_greeting_was_heard_is_greeted_when_it_comes_back():
    """The disclosure is owed."""
    call = Call().on(ev.CameBack(turns=[], at_ms=3000, ordered=True)).model_opens().model_ready()
    assert "apologise for the wait" in system_items(call)
    call.caller_says("Hello?")
    assert call.talk.greeting.protected
    assert len(call.of(do.AskResponse)) == 1


def test_a_recording_that_was_paused_for_a_card_goes_on_when_the_call_comes_back():
    """Whether it was paused when the call was handed over, nobody has written down."""
    call = came_back(recorded=True)
    assert len(call.wait(0.1).of(do.ResumeRecording)) == 1
    assert not call.of(do.StartRecording)


def test_what_was_settled_before_is_not_asked_again():
    call = came_back(ordered=True, answered=list(Call().talk.terms.required))
    assert not any("questions" in goal for goal in goals.open_goals(call.talk))
    assert goals.open_goals(came_back(booked=True).talk) == ("Say the closing line and call end_call.",)
    assert "call back" in goals.open_goals(came_back().talk)[0]


def test_what_a_supervisor_orders_while_the_model_is_away_waits_for_the_next_one():
    call = Call().opened().on(ev.ModelLost(1006))
    call.on(ev.Whispered("Offer the Tuesday slot.", "Ann")).on(ev.SayAsked("It is free to ask.", "Ann"))
    assert not call.of(do.AddItem)
    call.model_opens().model_ready().model_ready()
    told = [item.text for item in call.of(do.AddItem) if item.role == "system"]
    assert "Offer the Tuesday slot." in told[-2]
    assert "It is free to ask." in told[-1]
    assert len(call.of(do.AskResponse)) == 1


def test_a_supervisor_takes_over_in_the_same_instant():
    """Within two seconds of the order the carrier is told: here within none, in mid-word."""
    call = Call().opened()
    call.caller_says("How much is it?")
    response = call.response()
    call.agent_says("That depends on your roof and", 4000, response=response, done=False)
    call.wait(1).forget()
    before = call.now
    call.on(ev.TakeOverAsked("Sal", "+12125550111", "Ann"))
    assert call.of(do.Transfer) == [do.Transfer("Sal", "+12125550111", ordered=True)]
    assert call.now == before
    kinds = [type(command) for command in call.sent]
    assert kinds.index(do.Clear) < kinds.index(do.Transfer)
    assert [c.response_id for c in call.of(do.CancelResponse)] == [response]
    notes = [line.text for line in call.talk.transcript.lines if line.role == "note"]
    assert notes == ["Ann takes over.", "Handing over to Sal."]
    assert not call.of(do.AskResponse)
    call.on(ev.StreamEnded("stop"))
    call.ends_well()


@pytest.mark.parametrize("when", ["ringing", "greeting", "ending"])
def test_a_take_over_is_obeyed_at_any_time(when: str):
    call = Call()
    if when == "greeting":
        call.model_opens().model_ready().caller_says("Hello?")
        call.agent_says("Hi Pat, this is", 3000, done=False)
    if when == "ending":
        call.opened().caller_says("No thanks.")
        call.agent_says("Goodbye.", 2000, response=(response := call.response()), done=False)
        call.tool("end_call", '{"reason": "not_interested"}', response=response)
    call.on(ev.TakeOverAsked("Sal", "+12125550111"))
    assert len(call.of(do.Transfer)) == 1
    call.wait(3)
    assert not call.of(do.HangUp)


def test_who_said_stop_is_put_through_to_nobody():
    call = Call().opened()
    call.caller_says("Stop calling me.")
    call.on(ev.TakeOverAsked("Sal", "+12125550111", "Ann")).wait(8)
    assert not call.of(do.Transfer)
    assert len(call.of(do.HangUp)) == 1


def test_a_whisper_steers_the_model_and_is_never_said():
    call = Call().opened()
    call.on(ev.Whispered("Offer the Tuesday slot.", "Ann"))
    (item,) = call.of(do.AddItem)
    assert item.role == "system"
    assert item.text.endswith("Offer the Tuesday slot.")
    assert "do not read it out" in item.text
    assert not call.of(do.AskResponse), "it waits for its turn"
    assert not call.of(do.Clear)
    assert call.talk.transcript.lines[-1].text == "Ann whispered to the agent: Offer the Tuesday slot."


def test_what_a_supervisor_wants_said_is_said_now():
    call = Call().opened()
    call.caller_says("How much is it?")
    call.agent_says("That depends on", 4000, response=(response := call.response()), done=False)
    call.wait(1).forget().on(ev.SayAsked('It is "free" to ask.', "Ann"))
    assert len(call.of(do.Clear)) == 1
    assert """exactly this and nothing else: "It is 'free' to ask.\"""" in system_items(call)
    call.done(response, "cancelled")
    assert len(call.of(do.AskResponse)) == 1


def test_nothing_is_said_over_the_mandatory_greeting():
    call = Call().model_opens().model_ready().caller_says("Hello?")
    call.agent_says("Hi Pat, this is", 3000, done=False)
    call.forget().on(ev.SayAsked("Quick question.", "Ann"))
    assert not call.of(do.Clear)
    assert not call.of(do.CancelResponse)
    assert "as soon as your greeting is over" in system_items(call)


@pytest.mark.parametrize(
    ("order", "note"),
    [
        (ev.StopAsked("ordered", "Ann"), "Ann ended the call."),
        (ev.StopAsked("opted_out", "Ann"), "Ann opted the person out."),
        (ev.StopAsked("opted_out"), "Somebody outside the call opted the person out."),
    ],
)
def test_orders_to_end_leave_a_note_of_who_gave_them(order: ev.StopAsked, note: str):
    call = Call().opened()
    call.on(order).wait(8)
    assert note in [line.text for line in call.talk.transcript.lines]
    assert len(call.of(do.HangUp)) == 1
    assert bool(call.of(do.Suppress)) is (order.reason == "opted_out")
