"""Recording, as scripts: after the notice or a yes, paused while a card is read out, deleted when consent is taken back."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify.recorder import withdraws
from qualify.recording import Stage
from tests.qualify.script import GREETING, Call, audio

CARD = "4242 4242 4242 4242"
RECORDER = do.StartRecording | do.PauseRecording | do.ResumeRecording | do.DiscardRecording


def orders(call: Call) -> list[str]:
    return [type(c).__name__.removesuffix("Recording") for c in call.sent if isinstance(c, RECORDER)]


def kept(call: Call) -> str:
    """Everything that is written down, told to watchers, or said to tools."""
    lines = [f"{line.heard} {line.unheard}" for line in call.talk.transcript.lines]
    told = [str(tell.data) for tell in call.of(do.Tell)]
    tools = [use.arguments for use in call.talk.tools.uses.values()] + [run.arguments for run in call.of(do.RunTool)]
    return "\n".join([*lines, *told, *tools, str(call.talk.flags)])


def digits_of(text: str) -> int:
    return sum(character.isdigit() for character in text)


# --- consent ---


@pytest.mark.parametrize("ask_first", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        "Please don't record me.",
        "Stop recording this.",
        "I don't want to be recorded.",
        "No, I'd rather not be recorded.",
        "No quiero que me graben.",
        "Deje de grabar, por favor.",
    ],
)
def test_consent_taken_back_stops_and_deletes(words: str, ask_first: bool):
    """R82, R77."""
    call = Call(record_after_consent=ask_first).opened()
    call.caller_says("Yes, sure.")
    assert call.talk.recording.stage is Stage.ON
    call.forget().caller_says(words)
    assert orders(call) == ["Discard"]
    call.caller_says("Yes, go on.").agent_says("Do you own your home?", 1500)
    call.wait(3)
    assert orders(call) == ["Discard"]
    assert "recording_withdrawn" in [flag["flag"] for flag in call.talk.flags]
    assert any("do not want to be recorded" in item.text for item in call.of(do.AddItem))


def test_a_refusal_in_the_midst_of_the_notice_counts():
    """R77, R82: said over the protected greeting."""
    call = Call().model_opens().model_ready().caller_says("Hello?")
    call.agent_says(GREETING, 6000)
    call.wait(3).caller_says("Don't record me!")
    assert orders(call) == ["Start", "Discard"]


@pytest.mark.parametrize(
    "words",
    [
        "Is this recorded?",
        "I have a record of that.",
        "I record music at home.",
        "For the record, yes.",
        "Stop by on Tuesday.",
    ],
)
def test_talking_of_records_takes_nothing_back(words: str):
    assert not withdraws(words)


def test_a_call_that_is_not_recorded_has_nothing_to_take_back():
    call = Call(record=False).opened().caller_says("Don't record me.")
    assert orders(call) == []


# --- cards ---


def recorded() -> Call:
    call = Call().opened().caller_says("Yes, sure.")
    return call.forget()


def test_a_card_number_pauses_the_recording_and_is_kept_nowhere():
    call = recorded().caller_says(f"My card number is {CARD}, expires 12 27.")
    assert orders(call) == ["Pause"]
    assert digits_of(kept(call)) == 0
    assert isinstance(call.session.taped, ev.CallerWords)
    assert digits_of(call.session.taped.text) == 0
    assert [flag["flag"] for flag in call.talk.flags] == ["card_number"]
    assert any("cannot take card details" in item.text for item in call.of(do.AddItem))


def test_a_recording_goes_on_when_no_digits_have_come_for_a_while():
    call = recorded().caller_says(CARD)
    call.wait(4).caller_says("And the code is 123.")
    call.wait(4.5)
    assert orders(call) == ["Pause"]
    call.wait(1)
    assert orders(call) == ["Pause", "Resume"]


def test_a_recording_goes_on_with_the_agents_turn():
    call = recorded().caller_says(CARD).forget()
    call.agent_says("I can't take card details by phone.", 2000)
    assert orders(call) == ["Resume"]


def test_a_number_read_out_in_pieces_is_one_number():
    call = recorded()
    for piece in ("4242", "4242", "four two four two", "4242"):
        call.caller_says(piece).wait(0.5)
    assert orders(call) == ["Pause"]  # from the eighth digit on
    spoken = [line.text for line in call.talk.transcript.lines if line.role == "caller"][-4:]
    assert digits_of(" ".join(spoken)) == 0
    assert "four" not in " ".join(spoken)
    assert "card_number" in [flag["flag"] for flag in call.talk.flags]


def test_the_tape_keeps_four_digits_of_what_is_dictated():
    call, taped = recorded(), []
    for piece in ("4242", "4242", "4242", "4242"):
        call.caller_says(None)
        call.on(ev.CallerWords("u", piece))
        taped.append(call.session.taped)
    assert sum(digits_of(event.text) for event in taped if isinstance(event, ev.CallerWords)) <= 4


def test_a_keyed_number_pauses_before_it_is_whole_and_is_told_to_nobody():
    call, taped = recorded(), ""
    for digit in CARD.replace(" ", ""):
        call.on(ev.KeyPressed(digit))
        assert isinstance(call.session.taped, ev.KeyPressed)
        taped += call.session.taped.digit
        call.wait(0.2)
    assert orders(call) == ["Pause"]
    call.wait(2)
    keyed = [item.text for item in call.of(do.AddItem) if item.role == "user"]
    assert (digits_of("".join(keyed)), digits_of(taped)) == (0, 4)
    assert "card_number" in [flag["flag"] for flag in call.talk.flags]


def test_star_and_pound_are_no_digits_of_a_number():
    """Groups parted by them are one number, and a digit behind it stays off the tape; neither can be counted."""
    call = Call().opened()
    for key in "4242*4242*4242*4242#5":
        call.on(ev.KeyPressed(key))
    assert [flag["flag"] for flag in call.talk.flags] == ["card_number"]
    assert "[keypad] [card number removed]" in [item.text for item in call.of(do.AddItem)]
    assert call.session.taped == ev.KeyPressed("*")


def test_what_the_model_makes_of_a_card_number_is_not_kept_either():
    call = recorded()
    call.tool("save_answers", f'{{"answers": [{{"question_id": "note", "value": "{CARD}"}}]}}')
    call.agent_says(f"So that is {CARD}, right?", 4000)
    call.wait(5)
    assert CARD not in kept(call)
    assert "4242" not in kept(call)


def test_many_answers_with_numbers_in_them_are_no_card_number():
    call = recorded()
    for number in range(20):
        call.caller_says(f"Answer {number}.")
    call.caller_says("Two hundred.").caller_says("About 24.").caller_says("In 2031.")
    assert "Answer 3." in kept(call)
    assert "card_number" not in [flag["flag"] for flag in call.talk.flags]


@pytest.mark.parametrize(
    "words",
    ["It's 212 555 0100.", "plus 44 20 7946 0958", "About 200 dollars a month.", "Call me at 10:30 on the 24th."],
)
def test_other_numbers_stay(words: str):
    call = recorded().caller_says(words)
    assert words in kept(call)
    assert "card_number" not in [flag["flag"] for flag in call.talk.flags]


def test_a_card_number_where_nothing_is_recorded_is_hidden_all_the_same():
    call = Call(record=False).opened().caller_says(CARD)
    assert orders(call) == []
    assert digits_of(kept(call)) == 0


# --- machines ---


def test_whoever_comes_on_behind_a_screener_hears_the_notice_before_being_recorded():
    call = Call(screener="This is Ava, an AI assistant.").model_opens().model_ready().caller_says("Hi, please")
    response = call.response()
    call.on(ev.AgentAudio(response, "a", audio(200)))
    call.caller_says("say your name and why you're calling.")
    assert orders(call) == ["Start", "Pause"]
    call.done(response, "cancelled")
    call.agent_says("This is Ava, an AI assistant.", 2000)
    call.wait(4).caller_says("Hello?")
    assert orders(call) == ["Start", "Pause"]
    call.agent_says(GREETING, 6000)
    assert orders(call) == ["Start", "Pause", "Resume"]
