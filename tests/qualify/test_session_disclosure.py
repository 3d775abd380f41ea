"""Nobody is talked to by a voice that did not say what it is: a model that leaves its lines out, attacked from all sides."""

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify.greeting import Greeting, Stage
from tests.qualify.script import ASK, GREETING, MANDATORY, Call

APOLOGY = "Sorry. Goodbye."


def greeted() -> Call:
    """The person said hello, and the greeting was asked for."""
    return Call().model_opens().model_ready().caller_says("Hello?")


def said(call: Call) -> str:
    return " ".join(line.heard for line in call.talk.transcript.lines if line.role == "agent")


def missing(text: str) -> int:
    return len(Greeting(MANDATORY, ASK).missing(text))


@pytest.mark.parametrize("hello", ["Hello?", None])
def test_the_greeting_is_asked_for_within_two_seconds(hello: str | None):
    """By their speech's end, or by 1.2 s of silence."""
    call = Call().model_opens().model_ready()
    begun = call.now
    if hello:
        call.caller_says(hello, seconds=0.8)
        assert call.of(do.AskResponse)
    else:
        while not call.of(do.AskResponse):
            call.wait(0.1)
        assert 1.1 <= call.now - begun <= 1.5


def test_a_model_that_never_speaks_is_apologised_for():
    """Three silent responses: no dead air, and no conversation."""
    call = greeted()
    for _ in range(3):
        call.done(call.response())
    assert len(call.of(do.AskResponse)) == 3
    assert APOLOGY in " ".join(line.text for line in call.talk.transcript.lines)
    call.wait(5)
    assert call.of(do.HangUp)
    assert {"flag": "needs_callback", "detail": "greeting not said"} in call.talk.flags


def test_a_model_that_only_calls_tools_is_apologised_for():
    call = greeted()
    for _ in range(3):
        call.tool("save_answers", '{"answers": []}')
        call.wait(2)
    assert not call.of(do.RunTool)
    call.wait(8)
    assert call.of(do.HangUp)
    assert call.talk.greeting.stage is not Stage.DONE


def test_a_model_that_says_half_says_the_other_half():
    call = greeted()
    call.agent_says(MANDATORY[0], 3000)
    wanted = call.of(do.AddItem)[-1].text
    assert MANDATORY[0] not in wanted
    assert all(line in wanted for line in MANDATORY[1:])
    call.agent_says(" ".join(MANDATORY[1:]), 3000)
    call.wait(8)
    assert call.talk.greeting.stage is Stage.DONE


def test_a_model_that_will_not_say_it_holds_no_conversation():
    """Told twice, then replaced by the apology; what the person says meanwhile is answered by nobody."""
    call = greeted()
    for _ in range(3):
        call.agent_says("So, do you own your home?", 1500)
        call.wait(1.6).caller_says("Yes, I do.")
        assert not call.talk.listening
    call.wait(4)
    assert call.of(do.HangUp)
    assert len(call.of(do.AskResponse)) == 3
    assert not call.of(do.RunTool)


def test_an_answer_over_an_incomplete_greeting_does_not_complete_it():
    call = greeted()
    call.agent_says("Hi Pat, this is Ava from Brightroof. Is now a good time?", 2500)
    call.wait(1).caller_says("Yes, sure.")
    assert call.talk.greeting.stage is Stage.SPEAKING
    assert MANDATORY[0] in call.of(do.AddItem)[-1].text


def test_a_stop_before_the_disclosure_is_whole_acts_at_once():
    """DESIGN truth 4: also while the model is being told what it left out."""
    call = greeted()
    call.agent_says("Hey, how are you?", 1500)
    call.forget().caller_says("Stop calling me.")
    assert [order.channel for order in call.of(do.Suppress)] == ["voice"]
    assert call.of(do.AddItem)[-1].text.startswith("The person must never be called again")


def test_nine_during_the_disclosure_acts_at_once():
    call = greeted()
    call.agent_says(GREETING, 6000, done=False)
    call.wait(1).on(ev.KeyPressed("9"))
    assert [order.channel for order in call.of(do.Suppress)] == ["keypress"]
    assert call.of(do.Clear)


def test_a_model_that_dies_in_the_disclosure_starts_it_over():
    call = greeted()
    call.agent_says(MANDATORY[0], 3000, done=False)
    call.wait(1).on(ev.ModelLost(1011)).model_opens().model_ready()
    call.wait(2)
    call.agent_says(GREETING, 6000)
    call.wait(8)
    assert call.talk.greeting.stage is Stage.DONE
    assert missing(said(call)) == 0


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        (GREETING, 0),
        (
            "Hello Pat! Ava here, I'm an AI assistant with Brightroof, calling you. It's being recorded. Say stop at any time.",
            0,
        ),
        ("Hi Pat, this is Ava calling for Brightroof. This call is recorded. Say stop at any time.", 1),
        ("Hi Pat, this is Ava, an assistant calling for Brightroof. This call is recorded. Say stop at any time.", 1),
        (
            "Hi Pat, this is Ava, not an AI assistant, calling for Brightroof. This call is recorded. Say stop at any time.",
            1,
        ),
        (
            "Hi Pat, this is Ava, an AI, well, a real person calling for Brightroof. This call is recorded. Say stop at any time.",
            1,
        ),
        ("Hi Pat, this is Ava, an AI assistant calling for Brightroof. Say stop at any time.", 1),
        ("Hi Pat, this is Ava, an AI assistant calling for Brightroof. This call is recorded.", 1),
        ("This is a call.", 3),
        ("", 3),
    ],
)
def test_what_counts_as_said(text: str, left_out: int):
    """Other words may do; the words that matter must be there, and an AI must not pass for a person."""
    assert missing(text) == left_out
