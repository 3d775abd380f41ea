"""Who answers, as scripts: screeners, menus, voicemails told by their words, rooms that talk, silence; and what a person
gets that none of these does."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify import outcome
from qualify.presence import TABLE, Presence, Sign, Who
from qualify.recorded import Kind, kind_of
from tests.qualify.script import GREETING, Call
from tests.qualify.test_outcomes import desk

IOS = "Hi, if you record your name and reason for calling, I'll see if this person is available."
PIXEL = "Hi, the person you're calling is using a screening service from Google. Please say your name, and why you're calling."
GREETING_OF_A_MACHINE = (
    "Hi, you've reached Bob. I can't take your call right now. Please leave a message after the tone."
)
MENU = "Thank you for calling Acme Dental. For appointments, press 1. For billing, press 2."
SENTENCE = "This is Ava, an AI assistant calling for Brightroof about a request made on our website."
PERSONAL = "# Facts of this person\nhomeowner: yes"


def answered(**terms: object) -> Call:
    return Call(screener=SENTENCE, personal=PERSONAL, **terms).model_opens().model_ready()


def steered(call: Call) -> list[str]:
    return [item.text for item in call.of(do.AddItem) if item.role == "system"]


def reached(call: Call) -> str:
    return outcome.settle(call.talk, desk()).reached


# --- screeners ---


@pytest.mark.parametrize("words", [IOS, PIXEL, "Diga su nombre y el motivo de su llamada, por favor."])
def test_a_screener_is_told_one_sentence_and_then_waited_for(words: str):
    call = answered().caller_says(words)
    greeting = call.response()  # asked for when the screener paused, before its words were known
    assert call.of(do.CancelResponse)[-1].response_id == greeting
    call.done(greeting, "cancelled")
    assert SENTENCE in steered(call)[-1]
    call.agent_says(SENTENCE, 4000)
    call.wait(4.5).caller_says("Thanks. Please stay on the line.").wait(15)
    assert len(call.of(do.AskResponse)) == 2
    assert not call.of(do.HangUp)
    assert call.of(do.Reached) == [do.Reached("screening")]
    assert not call.of(do.StartRecording)


def screened() -> Call:
    call = answered().caller_says(IOS)
    call.done(call.response(), "cancelled")
    call.agent_says(SENTENCE, 4000)
    return call.wait(6)


def test_a_person_who_takes_the_screened_call_is_greeted_in_full():
    call = screened().forget()
    call.caller_says("Hello?")
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says(GREETING, 6000)
    assert len(call.of(do.StartRecording)) == 1
    call.wait(7)
    assert call.talk.greeting.heard_ms is not None
    assert PERSONAL not in steered(call)
    call.caller_says("Yes, sure.")
    assert PERSONAL in steered(call)
    assert call.of(do.Reached) == [do.Reached("human")]
    assert reached(call) == "human"


def test_a_screener_that_pauses_within_its_own_words_is_no_person():
    call = answered().caller_says("Hi, if you record your name and reason for calling,")
    call.caller_says("and speak clearly.")
    assert call.talk.presence.who is Who.SCREENER


def test_a_screener_that_hangs_up_was_a_screener():
    call = screened()
    call.on(ev.StreamEnded())
    assert reached(call) == "screening"
    call.ends_well()


def test_a_screener_is_not_waited_for_without_end():
    call = screened().wait(30)
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert reached(call) == "screening"
    call.ends_well()


def test_a_screener_that_turns_into_a_voicemail_is_one():
    call = screened().caller_says("Sorry, please leave a message after the tone.")
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert reached(call) == "voicemail"


@pytest.mark.parametrize("verdict", ["machine_end_silence", "human", "unknown"])
def test_what_the_carrier_says_of_a_screener_ends_nothing(verdict: str):
    call = screened().on(ev.Verdict(verdict)).wait(3)
    assert not call.of(do.HangUp)
    assert PERSONAL not in steered(call)


def test_a_verdict_that_comes_before_the_screeners_words_waits_for_them():
    """R57: silenced at once, and not hung up on while its words are on their way."""
    call = answered().caller_says(None).on(ev.Verdict("machine_end_silence")).wait(0.5)
    assert not call.of(do.HangUp)
    call.on(ev.CallerWords("u1", IOS)).wait(1)
    assert call.talk.presence.who is Who.SCREENER
    assert not call.of(do.HangUp)


def test_a_verdict_in_the_middle_of_a_screeners_words_lets_it_finish():
    call = answered().caller_begins("u1").wait(4).on(ev.Verdict("machine_end_silence")).wait(3)
    assert not call.of(do.HangUp)
    call.on(ev.SpeechStopped("u1")).on(ev.SpeechCommitted("u1")).on(ev.CallerWords("u1", IOS)).wait(1)
    assert call.talk.presence.who is Who.SCREENER


def test_a_verdict_before_the_model_is_there_is_remembered():
    """R56."""
    call = Call(personal=PERSONAL).on(ev.Verdict("human"))
    assert not call.of(do.AddItem)
    call.model_opens().model_ready()
    assert steered(call) == [PERSONAL]


def test_a_machine_whose_words_never_come_is_hung_up_on():
    call = answered().caller_says(None).on(ev.Verdict("machine_end_beep")).wait(2)
    assert len(call.of(do.HangUp)) == 1


# --- menus ---


def test_a_phone_menu_hears_nothing_more():
    call = answered().caller_says(MENU)
    call.done(call.response(), "cancelled")
    call.forget().wait(10)
    call.caller_says("Para español, oprima dos.")
    assert not call.of(do.AskResponse)
    call.wait(6)
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert reached(call) == "machine"
    call.ends_well()


def test_a_person_who_comes_on_behind_a_menu_is_greeted():
    call = answered().caller_says(MENU)
    call.done(call.response(), "cancelled")
    call.forget().wait(5).caller_says("Acme Dental, this is Sue, how can I help?")
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says(GREETING, 6000)
    call.wait(7).caller_says("Yes?")
    assert reached(call) == "human"


# --- voicemails without a verdict ---


def test_a_voicemail_told_by_its_words_is_hung_up_on():
    call = answered().caller_says(GREETING_OF_A_MACHINE)
    response = call.response()
    assert len(call.of(do.HangUp)) == 1
    assert response in [cancel.response_id for cancel in call.of(do.CancelResponse)]
    call.on(ev.StreamEnded())
    assert reached(call) == "voicemail"


def test_a_voicemail_told_by_its_words_is_left_a_message_behind_its_tone():
    """R61."""
    call = answered(leaves_message=True).caller_says(GREETING_OF_A_MACHINE)
    assert not call.of(do.LeaveMessage)
    call.wait(1).caller_says("", seconds=0.4)  # the tone
    call.wait(1.5)
    assert not call.of(do.LeaveMessage)
    call.wait(1)
    assert len(call.of(do.LeaveMessage)) == 1
    call.on(ev.Verdict("machine_end_beep")).wait(1)
    assert len(call.of(do.LeaveMessage)) == 1
    assert not call.of(do.Play)
    call.on(ev.StreamEnded()).ends_well()


def test_somebody_who_talks_on_and_on_is_listened_to_and_then_judged_by_the_words():
    call = answered()
    call.on(ev.SpeechStarted("u")).wait(9)
    assert not call.of(do.AskResponse)
    call.on(ev.SpeechStopped("u")).on(ev.SpeechCommitted("u"))
    call.on(
        ev.CallerWords(
            "u", "hey it's Bob I'm travelling this week so try my office or send me a mail and I'll be in touch"
        )
    )
    assert not call.of(do.AskResponse)
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert reached(call) == "voicemail"


@pytest.mark.parametrize("words", ["Hello?", ""])
def test_a_noisy_room_is_greeted_all_the_same(words: str):
    call = answered()
    call.on(ev.SpeechStarted("u")).wait(9)
    call.on(ev.SpeechStopped("u")).on(ev.SpeechCommitted("u")).on(ev.CallerWords("u", words)).wait(4)
    assert len(call.of(do.AskResponse)) == 1
    assert not call.of(do.HangUp)


def test_a_voicemail_greeting_during_ours_ends_ours():
    """A pause in theirs lets ours begin; nothing of it is taken for a conversation."""
    call = answered().caller_says("Hi, this is Bob.")
    response = call.response()
    call.agent_says(GREETING, 6000, response=response, done=False)
    call.wait(1).caller_says("Please leave a message after the tone.")
    assert call.of(do.CancelResponse)[-1].response_id == response
    assert call.of(do.Clear)
    assert call.of(do.HangUp)


# --- nobody ---


def test_nobody_is_greeted_asked_twice_and_left():
    call = answered().wait(1.3)
    call.agent_says(GREETING, 6000)
    call.forget().wait(7)
    for words in ("Are you there?", "Can you hear me?"):
        while not call.of(do.AskResponse):
            call.wait(0.5)
        call.forget().on(ev.ResponseStarted(words, ""))
        call.agent_says(words, 900, response=words)
    call.wait(12)
    assert call.talk.presence.who is Who.NOBODY
    assert len(call.of(do.HangUp)) == 1
    call.on(ev.StreamEnded())
    assert reached(call) == "nobody"
    call.ends_well()


# --- discretion ---


def greeted(*verdicts: str, **terms: object) -> Call:
    call = answered(**terms).caller_says("Hello?")
    for verdict in verdicts:
        call.on(ev.Verdict(verdict))
    call.agent_says(GREETING, 6000)
    return call.wait(7)


@pytest.mark.parametrize("verdicts", [(), ("unknown",)])
def test_without_a_verdict_the_person_is_known_by_their_answer(verdicts: tuple[str, ...]):
    """R58, R60: until then the model knows nothing that it could tell."""
    call = greeted(*verdicts)
    assert PERSONAL not in steered(call)
    call.caller_says("Yes, sure.")
    assert steered(call).count(PERSONAL) == 1


def test_the_carriers_word_for_a_person_is_enough():
    call = greeted("human")
    assert steered(call).count(PERSONAL) == 1
    call.caller_says("Yes, sure.")
    assert steered(call).count(PERSONAL) == 1


def test_the_carriers_word_counts_only_once_their_own_words_are_known():
    """R60: a screener is often taken for a person."""
    call = answered().caller_says(None).on(ev.Verdict("human"))
    assert PERSONAL not in steered(call)
    call.on(ev.CallerWords("u1", IOS))
    assert PERSONAL not in steered(call)


@pytest.mark.parametrize("words", ["", None])
def test_words_that_could_not_be_transcribed_hold_nothing_up_for_long(words: str | None):
    call = answered().caller_says(None).on(ev.Verdict("human"))
    if words is not None:
        call.on(ev.CallerWords("u1", words))
    else:
        call.agent_says(GREETING, 6000)
        call.wait(6)
    assert PERSONAL in steered(call)


@pytest.mark.parametrize("name", ["save_answers", "schedule", "transfer_to_human"])
def test_a_tool_that_acts_waits_for_a_person_and_is_then_refused(name: str):
    """R58."""
    call = greeted("unknown").caller_says(None)
    use = call.tool(name)
    assert not call.of(do.RunTool)
    call.wait(1.6)
    assert not call.of(do.RunTool)
    assert [(a.call_id, a.output["error"]) for a in call.of(do.AnswerTool)] == [(use, "not_yet")]


def test_a_tool_is_run_once_the_words_that_show_a_person_are_in():
    """Rule 44: asked once, run once, answered once, also when it had to wait."""
    call = greeted("unknown").caller_says(None)
    use = call.tool("save_answers")
    call.wait(0.5).on(ev.CallerWords("u2", "Yes, I own it."))
    assert [run.call_id for run in call.of(do.RunTool)] == [use]
    call.tool_answers(use, saved=["homeowner"]).wait(3)
    assert len(call.of(do.AnswerTool)) == 1


def test_a_tools_own_deadline_does_not_run_while_it_waits_for_a_person():
    call = greeted("unknown", tool_deadlines={"save_answers": 0.5}).caller_says(None)
    call.tool("save_answers")
    call.wait(1.6)
    assert [answer.output["error"] for answer in call.of(do.AnswerTool)] == ["not_yet"]


def test_a_call_that_came_back_is_a_persons():
    call = Call(personal=PERSONAL).on(ev.CameBack([("caller", "Yes, sure.")], disclosed_ms=9000))
    call.model_opens().model_ready()
    assert steered(call).count(PERSONAL) == 1


def test_looking_up_times_needs_nobody():
    call = greeted("unknown")
    call.tool("check_slots")
    assert call.of(do.RunTool)


def test_a_rebuilt_model_is_told_about_the_person_again():
    call = greeted("human").forget()
    call.on(ev.ModelLost(1006)).model_opens().model_ready()
    assert steered(call).count(PERSONAL) == 1


def test_a_rebuilt_model_is_told_nothing_that_the_first_one_was_not():
    call = greeted().forget()
    call.on(ev.ModelLost(1006)).model_opens().model_ready()
    assert PERSONAL not in steered(call)


# --- the table and the words ---


def test_a_person_stays_one_whatever_is_seen():
    for sign in Sign:
        presence = Presence(Who.HUMAN)
        assert not presence.see(sign, 1.0)
    assert {who for (who, _) in TABLE} == set(Who) - {Who.HUMAN, Who.VOICEMAIL, Who.FAX, Who.NOBODY}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (IOS, Kind.SCREENER),
        (PIXEL, Kind.SCREENER),
        (GREETING_OF_A_MACHINE, Kind.VOICEMAIL),
        ("Your call has been forwarded to an automatic voice message system.", Kind.VOICEMAIL),
        ("El buzón de voz está lleno.", Kind.VOICEMAIL),
        ("Deje su mensaje después del tono.", Kind.VOICEMAIL),
        (MENU, Kind.MENU),
        ("Si conoce la extensión, márquela; para ventas, oprima uno.", Kind.MENU),
        ("Thanks. Please stay on the line.", Kind.HOLD),
        ("Sorry, the person you're calling is not available right now.", Kind.HOLD),
        ("Su llamada es muy importante para nosotros.", Kind.HOLD),
        ("Hola, deje su mensaje.", Kind.VOICEMAIL),
        ("We are unable to take your call at the moment.", Kind.VOICEMAIL),
        ("She can't come to the phone right now, who is this?", None),
        ("Hello, who is calling?", None),
        ("Could you leave me a voicemail instead?", None),
        ("I'll get back to you later.", None),
        ("Why are you calling me?", None),
        ("I pressed nothing.", None),
        ("Hold on, I'm driving.", None),
        ("No, no puedo hablar ahora.", None),
    ],
)
def test_recordings_are_told_by_their_words(words: str, kind: Kind | None):
    assert kind_of(words) is kind
