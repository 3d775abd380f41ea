"""Scripted people: steps by the clock, turns by the agent's silence, and the colleague who accepts a transfer."""

from __future__ import annotations

import pytest

from sandbox.callers import Action, HangUp, Press, Say
from sandbox.speech import Library
from sandbox.twilio.colleagues import ACCEPTS
from sandbox.twilio.scripts import Script, ScriptedMind, Step, read_script


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.shipped()


def words(acts: list[Action]) -> list[str]:
    return [act.text if isinstance(act, Say) else act.digit if isinstance(act, Press) else "hang up" for act in acts]


def test_steps_by_the_clock_do_not_wait_for_turns(library: Library) -> None:
    steps = (Step(after_agent_ms=300, say="Yes, sure."), Step(at_ms=1000, hang_up=True))
    mind = ScriptedMind(Script(steps=steps), library)
    assert mind.on_tick(980) == []
    assert mind.on_tick(1000) == [HangUp()]


def test_each_turn_waits_for_the_agent_to_fall_silent_once_more(library: Library) -> None:
    steps = (
        Step(after_agent_ms=300, say="Yes, sure."),
        Step(after_agent_ms=0, press="1"),
        Step(after_ms=200, press="2"),
    )
    mind = ScriptedMind(Script(steps=steps), library)
    mind.on_agent_started(100)
    mind.on_agent_stopped(500)
    assert mind.on_tick(780) == []
    assert words(mind.on_tick(800)) == ["Yes, sure."]
    assert mind.on_tick(2000) == []
    mind.on_agent_started(2000)
    mind.on_agent_stopped(2400)
    assert words(mind.on_tick(2400)) == ["1"]
    assert words(mind.on_tick(2600)) == ["2"]


def test_the_colleague_accepts_and_leaves(library: Library) -> None:
    mind = ScriptedMind(ACCEPTS, library)
    assert words(mind.on_tick(300)) == ["Hello?"]
    mind.on_agent_started(1000)
    mind.on_agent_stopped(2000)
    assert words(mind.on_tick(2400)) == ["1"]
    assert words(mind.on_tick(3900)) == ["Hello?"]
    assert words(mind.on_tick(22_000)) == ["Thank you. Goodbye.", "hang up"]


def test_an_unknown_way_to_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="answer must be one of"):
        read_script({"to": "+12125550199", "answer": "perhaps"})
