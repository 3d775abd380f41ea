"""The model dies; the call lives."""

from qualify import commands as do
from qualify import events as ev
from tests.qualify.script import GREETING, Call, audio


def test_the_session_is_rebuilt_with_what_was_heard_and_no_second_greeting():
    """Rules 57, 58, 65; realtime.md section 3."""
    call = Call().opened()
    call.agent_says("one two three four five six seven eight", 4000, response=call.response())
    call.wait(2.05).caller_says("Sorry?")
    call.on(ev.ModelLost(1006)).wait(0.1)
    assert [c.delay for c in call.of(do.ConnectModel)] == [0.0]
    call.forget().model_opens()
    assert len(call.of(do.Configure)) == 1
    call.model_ready()
    items = [(c.role, c.text) for c in call.of(do.AddItem)]
    assert ("assistant", "one two three four ") in items or ("assistant", "one two three four") in items
    assert ("user", "Sorry?") in items
    assert "Do not greet" in items[-1][1]
    assert len(call.of(do.AskResponse)) == 1
    assert call.talk.listening


def test_retries_come_at_growing_waits():
    call = Call().opened()
    call.on(ev.ModelLost(1006))
    for _ in range(3):
        call.on(ev.ModelLost(reason="unreachable"))
    assert [round(c.delay, 2) for c in call.of(do.ConnectModel)] == [0.0, 0.25, 0.75, 2.0]


def test_a_clip_covers_a_longer_silence_and_an_apology_ends_a_hopeless_one():
    call = Call().opened()
    call.on(ev.ModelLost(1006))
    call.wait(1.4)
    assert not call.of(do.Play)
    call.wait(0.3)
    assert call.of(do.Play)
    played = len(call.of(do.Play))
    call.wait(7)
    assert len(call.of(do.Play)) > played
    assert "needs_callback" in [f["flag"] for f in call.talk.flags]
    call.wait(3)
    assert len(call.of(do.HangUp)) == 1


def test_no_model_at_the_start_means_an_apology_within_three_seconds():
    """R72."""
    call = Call()
    for _ in range(4):
        call.on(ev.ModelLost(reason="http_503"))
    call.wait(3.05)
    assert "needs_callback" in [f["flag"] for f in call.talk.flags]
    assert call.of(do.Play)
    call.wait(4)
    assert call.of(do.HangUp)


def test_a_fatal_refusal_is_not_tried_again():
    """realtime.md section 3, point 4."""
    call = Call()
    call.forget().on(ev.ModelLost(reason="http_401", fatal=True))
    assert not call.of(do.ConnectModel)
    call.wait(3)
    assert call.of(do.HangUp)


def test_a_silence_before_the_model_was_asked_is_no_stall():
    """A nudge after a long quiet: the model gets its five seconds from then on."""
    call = Call().opened().forget()
    while not call.of(do.AskResponse):
        call.wait(0.5)
    call.wait(3)
    assert not call.of(do.ConnectModel)
    call.agent_says("Are you still there?", 900)
    assert not call.of(do.ConnectModel)


def test_a_stalled_model_is_replaced():
    call = Call().opened()
    call.caller_says("Yes.")
    call.wait(4)
    assert not call.of(do.ConnectModel)
    call.wait(1.3)
    assert call.of(do.ConnectModel)


def test_speech_during_the_outage_is_kept_and_handed_over():
    call = Call().opened()
    call.on(ev.ModelLost(1006))
    for number in range(40):
        call.on(ev.CallerAudio(audio(20), 20 * number))
    call.forget().model_opens().model_ready()
    assert len(call.of(do.SendAudio)) >= 40
    call.model_ready()
    assert not call.of(do.AskResponse)  # what they said will be answered


def test_a_greeting_that_was_cut_short_by_the_outage_is_said_again():
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    response = call.response()
    call.agent_says(GREETING, 1000, response=response, done=False)
    call.on(ev.ModelLost(1006)).forget().model_opens().model_ready()
    call.wait(3)
    assert len(call.of(do.AskResponse)) == 1
    assert "Begin again" in call.of(do.AddItem)[-1].text


def test_a_tool_that_answers_into_the_new_session_becomes_a_note():
    """Realtime.md section 3, point 6: no output without its call."""
    call = Call().opened()
    asked = call.tool("schedule")
    call.on(ev.ModelLost(1006)).model_opens().model_ready().model_ready().forget()
    call.tool_answers(asked, status="booked")
    assert not call.of(do.AnswerTool)
    assert "schedule has now answered" in call.of(do.AddItem)[-1].text


def test_failed_responses_are_tried_again_and_then_given_up():
    """Rule 41."""
    call = Call().opened()
    call.caller_says("Yes.")
    call.done(call.response(), "failed", code="server_error")
    for _ in range(2):
        call.wait(1.1)
        call.done(call.response(), "failed", code="server_error")
    call.wait(4)
    assert call.of(do.HangUp)
    assert "needs_callback" in [f["flag"] for f in call.talk.flags]


def test_a_cut_response_is_continued_once():
    """Rule 42."""
    call = Call().opened()
    call.caller_says("Yes.")
    response = call.response()
    call.agent_says("Well, the thing is", 800, response=response, done=False)
    call.forget().done(response, "incomplete", "max_output_tokens")
    assert len(call.of(do.AskResponse)) == 1


def test_a_taken_slot_is_waited_for():
    """Rules 35, 36, 38, 66."""
    call = Call().opened()
    asked = call.tool("check_slots")
    call.tool_answers(asked, slots=[])
    request = call.of(do.AskResponse)[-1]
    call.on(ev.ModelError("conversation_already_has_active_response", "", "", request.event_id))
    assert len(call.of(do.AskResponse)) == 1
    call.on(ev.ResponseEnded("r_unknown", "completed"))
    assert len(call.of(do.AskResponse)) == 2


def test_a_request_nobody_answers_is_given_up_and_muted():
    """Rule 39."""
    call = Call(stalled_after=60.0).opened()
    asked = call.tool("check_slots")
    call.tool_answers(asked, slots=[])
    first = call.of(do.AskResponse)[-1].event_id
    call.wait(10.2)
    assert len(call.of(do.AskResponse)) == 2
    call.on(ev.ResponseStarted("r_late", first))
    assert [c.response_id for c in call.of(do.CancelResponse)] == ["r_late"]


def test_a_response_that_ends_without_having_begun_is_harmless():
    """Rule 40."""
    call = Call().opened()
    call.on(ev.ResponseEnded("r_ghost", "completed"))
    assert not call.session.over


def test_unknown_events_are_counted():
    """Rules 60, 62, 63."""
    call = Call().opened()
    call.on(ev.Unknown("model", "response.dance")).on(ev.ModelError("strange_new_code"))
    assert call.talk.counts["unknown:model:response.dance"] == 1
    assert not call.session.over


def test_an_item_of_a_lost_session_is_cut_on_the_phone_and_not_at_the_model():
    """Realtime.md section 3, point 8: its id is void there."""
    call = Call().opened()
    call.agent_says("one two three four five six seven eight", 6000, response=call.response(request=""))
    call.wait(1).on(ev.ModelLost(1006)).model_opens().model_ready().model_ready().forget()
    call.caller_says("Wait, wait.", seconds=0.5)
    assert call.of(do.Clear)
    assert call.of(do.Truncate) == []


def test_a_configuration_nobody_confirms_is_tried_on_a_new_line():
    """A new session that answers the handshake and then nothing. (realtime.md section 3, points 1, 5)"""
    call = Call().opened()
    call.on(ev.ModelLost(1006)).model_opens().forget().wait(3.2)
    assert len(call.of(do.ConnectModel)) == 1


def test_a_configuration_refused_once_is_sent_short_to_the_next_session():
    """Rule 4: the same model would refuse the same fields again, and the second refusal ends the call."""
    call = Call().model_opens()
    call.on(ev.ModelError("unknown_parameter", param="session.reasoning", event_id=call.of(do.Configure)[0].event_id))
    assert [command.minimal for command in call.of(do.Configure)] == [False, True]
    call.model_ready().on(ev.ModelLost(1006)).forget().model_opens()
    assert [command.minimal for command in call.of(do.Configure)] == [True]
    call.on(ev.ModelError("unknown_parameter", event_id=call.of(do.Configure)[0].event_id))
    assert "needs_callback" in [flag["flag"] for flag in call.talk.flags]


def test_a_rejection_without_our_id_is_known_by_what_it_is_about():
    """Rule 5."""
    call = Call().model_opens()
    call.on(ev.ModelError("invalid_value", param="session.audio.output.voice"))
    assert [command.minimal for command in call.of(do.Configure)] == [False, True]


def test_an_expired_session_is_an_error_event_and_then_a_loss():
    """Rules 58, 63: the error alone ends nothing; no resume, so the conversation is rebuilt."""
    call = Call().opened()
    call.on(ev.ModelError("session_expired"))
    assert not call.of(do.ConnectModel)
    call.on(ev.ModelLost(1000)).model_opens().model_ready()
    assert "Do not greet" in call.of(do.AddItem)[-1].text
    assert not call.session.over


def test_nothing_of_a_lost_session_is_asked_of_the_next():
    """Rule 65: slot, wishes, half-made answers and item ids are per connection."""
    call = Call().opened()
    call.caller_says("And the price?")
    call.response()
    call.kept("a_old", role="assistant")
    call.on(ev.ModelLost(1006))
    talk = call.talk
    assert (talk.responses.busy, talk.responses.wish, talk.voice_locked) == (False, None, False)
    assert not talk.context.items
    assert not talk.uplink.open


def test_a_rate_limited_response_is_tried_again_more_patiently():
    """Rule 41."""
    call = Call().opened()
    call.caller_says("Yes.")
    call.done(call.response(), "failed", code="inference_rate_limit_exceeded")
    asked = len(call.of(do.AskResponse))
    call.wait(0.9)
    assert len(call.of(do.AskResponse)) == asked
    call.wait(0.2)
    assert len(call.of(do.AskResponse)) == asked + 1


def test_a_long_call_is_rebuilt_in_short_and_its_last_turns_in_full():
    """Realtime.md section 3, point 6: at most twelve turns, and a summary before them."""
    call = Call().opened()
    for number in range(12):
        call.caller_says(f"Answer {chr(97 + number)}.")
        call.agent_says(f"Question {number}?", 400)
        call.wait(0.6)
    call.on(ev.ModelLost(1006)).forget().model_opens().model_ready()
    roles = [command.role for command in call.of(do.AddItem)]
    assert roles[0] == "system"
    assert "Answer a." in call.of(do.AddItem)[0].text
    assert roles.count("user") + roles.count("assistant") == 12


def test_a_model_is_not_called_stalled_for_a_silence_before_it_was_asked():
    """A slow tool, then the request: the seconds before it were ours."""
    call = Call().opened()
    asked = call.tool("schedule")
    call.wait(7.0).tool_answers(asked, status="booked")
    call.wait(1.0)
    assert call.of(do.AskResponse)
    assert not call.of(do.ConnectModel)
    call.wait(4.5)
    assert call.of(do.ConnectModel)  # five seconds after the request it is
