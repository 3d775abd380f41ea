from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.callers import Brain, HangUp, Press, Say, StopTalking, cast, persona_for
from sandbox.callers.persona import Persona, Rule
from sandbox.callers.turn import is_farewell
from sandbox.speech import Library

LIBRARY = Library.shipped()
TALKING = [p for p in cast().personas.values() if p.answer_to(9) in ("human", "screening") and p.language == "en"]
MET = [persona for persona in TALKING if "reached" not in persona.expects]
NUMBERS = {"solar-us": "+121255501", "dental-au": "+614915701"}
REMARKS = ["Do you own your home?", "Goodbye.", "Shall I book it?", "I see.", "Is now a good time for a few questions?"]


def number_of(persona: Persona, prefix: str) -> str:
    return next(prefix + f"{n:02}" for n in range(1, 100) if persona_for(prefix + f"{n:02}") == persona)


@pytest.mark.parametrize("book", NUMBERS)
@pytest.mark.parametrize("persona", MET, ids=lambda persona: persona.name)
def test_every_persona_reaches_its_end(persona: Persona, book: str, line: Any, playbook_agent: Any) -> None:
    agent = playbook_agent(book)
    call = line(number_of(persona, NUMBERS[book]), agent, call=9).run()
    assert call.hung_up_by
    if not any(rule.cut_ms for rule in persona.rules):
        assert agent.outcome == persona.expects["outcome"]
    assert len(call.interrupted_after) >= persona.expects.get("interruptions", 0)


def test_the_booking_caller_answers_each_question_once(line: Any, playbook_agent: Any) -> None:
    call = line("+12125550101", playbook_agent("solar-us")).run()
    assert call.caller_said == [
        "Hello?",
        "Yes, sure.",
        "Yes, I do.",
        "About two hundred dollars.",
        "Mostly sunny.",
        "As soon as possible.",
        "The first one, please.",
        "Yes, please.",
    ]


def test_interruptions_come_800_ms_into_the_agents_line(line: Any, playbook_agent: Any) -> None:
    call = line("+12125550102", playbook_agent("solar-us")).run()
    assert len(call.interrupted_after) == 3
    assert all(780 <= after <= 860 for after in call.interrupted_after)


def test_changing_the_slot_at_read_back(line: Any, playbook_agent: Any) -> None:
    agent = playbook_agent("solar-us")
    line("+12125550116", agent).run()
    assert (agent.outcome, agent.offered) == ("booked", "Wednesday, November 25th at 2:30 PM")


def test_hanging_up_mid_sentence_stops_the_talking_first() -> None:
    brain = Brain(persona_for("+12125550108"), LIBRARY)
    ask(brain, "Do you own your home?", 5000)
    actions = ticks(brain, 7000, 12_000)
    (said,) = [action for _, action in actions if isinstance(action, Say)]
    assert [type(action) for _, action in actions[-2:]] == [StopTalking, HangUp]
    assert actions[-1][0] - actions[0][0] < len(said.mulaw) // 8


def test_an_unintelligible_agent_is_answered_by_turn_order(line: Any, playbook_agent: Any) -> None:
    questions = iter(["Hello, do you own your home?"] * 20)
    call = line("+12125550101", lambda said: next(questions), foreign=True).run()
    persona = persona_for("+12125550101")
    assert call.caller_said[1:] == list(persona.fallback)
    assert call.hung_up_by == "caller"


def test_nothing_happening_ends_with_a_goodbye(line: Any) -> None:
    call = line("+12125550101", lambda said: "").run()
    assert call.caller_said == ["Hello?", "Hello? Are you there?", "Goodbye."]
    assert call.hung_up_by == "caller"
    assert 14_000 < call.now < 20_000


def test_voicemail_greets_beeps_and_ends_by_itself() -> None:
    brain = Brain(persona_for("+12125550105"), LIBRARY)
    actions = [(0, action) for action in brain.on_answer(0)] + ticks(brain, 0, 90_000)
    said = [getattr(action, "text", "hang up") for _, action in actions]
    assert said == [brain.persona.greeting, "(beep)", "hang up"]
    assert actions[1][0] > actions[0][0] + len(actions[0][1].mulaw) // 8


def test_a_menu_repeats_itself_and_hangs_up() -> None:
    brain = Brain(persona_for("+12125550193"), LIBRARY)
    actions = brain.on_answer(0)
    actions += [action for _, action in ticks(brain, 0, 120_000)]
    assert [getattr(action, "text", "hang up") for action in actions] == [brain.persona.greeting] * 4 + ["hang up"]


def test_a_key_is_pressed_when_a_rule_says_so() -> None:
    persona = persona_for("+12125550101")
    keyed = Persona(**{**fields(persona), "rules": (Rule(("press nine",), press="9", then="hang_up"),)})
    brain = Brain(keyed, LIBRARY)
    ask(brain, "To stop these calls press nine.", 1000)
    assert [action for _, action in ticks(brain, 3000, 6000)] == [Press("9"), HangUp()]


def test_an_answer_waits_until_the_agent_is_silent() -> None:
    brain = Brain(persona_for("+12125550101"), LIBRARY)
    brain.on_agent_started(1000)
    brain.on_agent_speech("Do you own your home?", 2000)
    assert ticks(brain, 2000, 6000) == []
    brain.on_agent_stopped(6000)
    ((when, action),) = ticks(brain, 6000, 8000)
    assert 6140 <= when <= 6200
    assert isinstance(action, Say)
    assert action.text == "Yes, I do."


def test_words_that_come_after_the_answer_are_not_answered_again() -> None:
    brain = Brain(persona_for("+12125550101"), LIBRARY)
    ask(brain, "Do you own your home?", 1000)
    assert len(ticks(brain, 2500, 4500)) == 1
    brain.on_agent_speech("Do you own your home?", 4500)
    assert ticks(brain, 4500, 7000) == []


@pytest.mark.parametrize(
    ("heard", "ends"),
    [("Thank you for your time. Goodbye.", True), ("Good. Bye!", True), ("Goodbye and hello?", False), ("", False)],
)
def test_farewells(heard: str, ends: bool) -> None:
    assert is_farewell(heard) is ends


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["started", "stopped", "tick", "speech"]),
        st.integers(0, 4000),
        st.sampled_from(REMARKS),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(persona=st.sampled_from(TALKING), events=EVENTS)
def test_whatever_happens_the_caller_hangs_up_once_and_is_silent_after(persona: Persona, events: list[Any]) -> None:
    brain = Brain(persona, LIBRARY, call=9)
    now, actions = 0, list(brain.on_answer(0))
    for kind, passed, text in events:
        now += passed
        match kind:
            case "started":
                actions += brain.on_agent_started(now)
            case "stopped":
                actions += brain.on_agent_stopped(now)
            case "speech":
                actions += brain.on_agent_speech(text, now)
            case _:
                actions += brain.on_tick(now)
    actions += brain.on_agent_stopped(now)
    actions += [action for _, action in ticks(brain, now, now + 120_000)]
    assert actions.count(HangUp()) == 1
    assert actions[-1] == HangUp()


def ask(brain: Brain, text: str, at: int) -> None:
    brain.on_agent_started(at)
    brain.on_agent_stopped(at + 1500)
    brain.on_agent_speech(text, at + 1900)


def ticks(brain: Brain, first: int, last: int) -> list[tuple[int, Any]]:
    return [(now, action) for now in range(first, last, 20) for action in brain.on_tick(now)]


def fields(persona: Persona) -> dict[str, Any]:
    return {name: getattr(persona, name) for name in Persona.__slots__}
