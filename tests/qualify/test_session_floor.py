"""Speech over the agent: what lasts interrupts, what is short does not, and a mistake is made good."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify.backchannel import is_back_channel
from tests.qualify.script import GREETING, Call

QUESTION = "Roughly how much is your electricity bill each month, if you had to guess?"


def talking(**changes: object) -> Call:
    """One second into five seconds of the agent's speech."""
    call = Call(**changes).opened()
    call.agent_says(QUESTION, 5000)
    return call.wait(1.0).forget()


def hums(call: Call, text: str | None, *, voice: float = 0.1, at: str = "u50") -> Call:
    """A sound of `voice` seconds past its detection, then the server's silence, then perhaps its words."""
    call.caller_begins(at).wait(voice)
    call.voice = False
    call.wait(0.45).on(ev.SpeechStopped(at)).on(ev.SpeechCommitted(at))
    return call if text is None else call.on(ev.CallerWords(at, text))


@pytest.mark.parametrize("sound", ["Mm-hm.", "Uh huh", "Right, okay.", "", "Ajá, sí."])
def test_a_short_sign_of_listening_kills_no_sentence(sound: str):
    call = hums(talking(), sound)
    assert not call.of(do.Clear)
    assert not call.of(do.Truncate)
    assert not call.of(do.AskResponse)
    before = call.phone.played_bytes
    call.wait(1.0)
    assert call.phone.played_bytes - before == pytest.approx(8000, abs=1600)
    assert call.talk.counts["back_channels"] == 1


def test_speech_that_lasts_interrupts_within_the_filters_time():
    """Rules 24, 27: and 180 ms after it was noticed, not later."""
    call = talking()
    began = call.now
    call.caller_begins()
    while not call.of(do.Clear):
        call.wait(0.01)
    assert call.now - began <= 0.19


def test_a_short_sound_whose_frames_come_late_kills_no_sentence():
    """Rule 34: what the filter has not heard yet it does not judge."""
    call = talking()
    call.caller_begins("u50").frames = False
    call.wait(0.4)
    assert not call.of(do.Clear)
    call.voice, call.frames = False, True
    call.wait(0.2).on(ev.SpeechStopped("u50")).on(ev.SpeechCommitted("u50")).on(ev.CallerWords("u50", "Mm-hm."))
    assert not call.of(do.Clear)
    assert call.talk.counts["back_channels"] == 1


def test_speech_on_a_line_that_stands_still_interrupts_all_the_same():
    call = talking()
    call.caller_begins("u50").frames = False
    call.wait(0.4)
    assert not call.of(do.Clear)
    call.wait(0.1)
    assert len(call.of(do.Clear)) == 1


def test_a_short_no_interrupts_once_its_words_are_known():
    call = hums(talking(), "No, wait.")
    assert len(call.of(do.Clear)) == 1
    assert len(call.of(do.Truncate)) == 1
    assert len(call.of(do.AskResponse)) == 1


def test_a_short_stop_is_an_opt_out():
    """DESIGN truth 4: the filter holds back no "stop"."""
    call = hums(talking(), "Stop.")
    assert [c.channel for c in call.of(do.Suppress)] == ["voice"]
    assert call.of(do.Clear)


def test_a_short_sound_that_goes_on_interrupts_after_all():
    call = talking().caller_begins("u50").wait(0.06)
    call.voice = False
    call.wait(0.2)
    assert not call.of(do.Clear)
    call.voice = True
    call.wait(0.6)
    assert len(call.of(do.Clear)) == 1


def test_a_short_yes_over_the_last_words_is_an_answer():
    call = Call().opened()
    call.agent_says("Do you own your home?", 1500)
    call.wait(1.2).forget()
    hums(call, None, voice=0.05)
    assert not call.of(do.Clear)
    assert len(call.of(do.AskResponse)) == 1


def test_without_transcripts_every_sound_interrupts():
    """Nothing could tell a short "stop" from a hum."""
    call = talking(transcribed=False).caller_begins()
    assert call.of(do.Clear)


def test_the_filter_can_be_turned_off():
    assert talking(short_speech=0.0).caller_begins().of(do.Clear)


def test_a_response_that_was_only_asked_for_is_cancelled_when_it_starts():
    """Rules 22, 27, 66: the slot stays taken until it has ended; then the new turn is answered."""
    call = Call().opened()
    call.caller_says("I own it,").forget()
    request = call.talk.responses.request
    call.caller_interrupts("u60")
    assert not call.of(do.CancelResponse)
    call.on(ev.ResponseStarted("r70", request))
    assert [c.response_id for c in call.of(do.CancelResponse)] == ["r70"]
    call.voice = False
    call.wait(0.5).on(ev.SpeechStopped("u60")).on(ev.SpeechCommitted("u60"))
    assert not call.of(do.AskResponse)
    call.done("r70", "cancelled", "client_cancelled")
    assert len(call.of(do.AskResponse)) == 1
    call.agent_says("Great.", 500)
    assert call.of(do.Play)


def test_after_a_brief_interruption_the_model_may_carry_on():
    """Rule 34: the tail item says what was heard; instructions stay as they are."""
    call = talking()
    call.caller_interrupts("u60")
    call.voice = False
    call.wait(0.45).on(ev.SpeechStopped("u60")).on(ev.SpeechCommitted("u60"))
    note = call.of(do.AddItem)[-1]
    assert note.role == "system"
    assert "Roughly how much" in note.text
    assert "each month" not in note.text
    assert [c.instructions for c in call.of(do.AskResponse)] == [""]


def test_a_noisy_line_is_listened_to_less_nervously():
    """Rule 34: measured, and the threshold raised, once."""
    call = Call().opened()
    for number in range(3):
        call.agent_says(QUESTION, 5000)
        call.wait(1.0).caller_interrupts(f"n{number}")
        call.voice = False
        call.wait(0.45).on(ev.SpeechStopped(f"n{number}")).on(ev.SpeechCommitted(f"n{number}"))
        call.on(ev.CallerWords(f"n{number}", ""))
    updates = call.of(do.Configure)
    assert [(c.hearing.threshold, c.whole) for c in updates] == [(0.75, False)]
    assert call.talk.counts["false_interruptions"] == 3


def test_pauses_between_digits_end_no_turn():
    call = Call(spelled_asks=("What is the best number to reach you at?",)).opened()
    call.caller_says("Sure.")
    call.agent_says("Thanks! And what's the best number to reach you at?", 2000)
    assert [c.hearing.silence_ms for c in call.of(do.Configure)] == [800]
    call.wait(2.5).caller_says("Two one two.", silence=0.8)
    call.agent_says("Got it. Do you own your home?", 2000)
    assert [c.hearing.silence_ms for c in call.of(do.Configure)] == [800, 450]


def test_what_cannot_be_understood_is_asked_again_differently_each_time():
    call = Call().opened()
    notes = []
    for number in range(3):
        call.caller_says("")
        notes.append(call.of(do.AddItem)[-1].text)
        call.agent_says(f"Sorry, say that again {number}?", 1000)
        call.wait(1.2)
    assert len(set(notes)) == 3
    assert "keypad" in notes[1]
    assert "callback" in notes[2]
    call.caller_says("Yes, I do.")
    assert call.talk.unclear == 0


def test_a_burst_of_noise_is_not_asked_about():
    """Rule 34: the agent was told to carry on; a second note to ask again, or back to the goals, would contradict that."""
    call = Call(objections=("too expensive",)).opened()
    call.caller_says("That is too expensive.")
    call.agent_says(QUESTION, 5000)
    call.wait(1.0).forget().caller_says("", seconds=0.3)
    assert [item.text.startswith("You were interrupted") for item in call.of(do.AddItem)] == [True]
    assert call.talk.unclear == 0


def test_speech_that_goes_on_into_the_conversation_may_interrupt():
    """Rule 33: protected until the mandatory part was heard; then the same speech counts."""
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.agent_says(GREETING, 6000)
    call.wait(4.0).caller_begins("u60")
    assert not call.of(do.Clear)
    while not call.talk.listening:
        call.wait(0.05)
    call.wait(0.2)
    assert call.of(do.Clear)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Mm-hm", True),
        ("yeah yeah", True),
        ("I see.", True),
        ("claro, sí", True),
        ("no", False),
        ("stop", False),
        ("yes but what does it cost", False),
        ("who is this", False),
        ("okay bye", False),
    ],
)
def test_signs_of_listening(text: str, sign: bool):
    assert is_back_channel(text) is sign


@pytest.mark.parametrize("sound", ["mm hm", "m hm", "mhm", "hmm", "ah sí", "mm sí", "uh huh", "ya veo", "all right"])
def test_sounds_made_again_and_again_are_read_in_no_time(sound: str):
    assert is_back_channel(sound)
    assert not is_back_channel(f"{sound} " * 80 + "wait")
