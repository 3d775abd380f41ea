"""The disclosure as the person hears it, over real sockets and real speech: once, whole, and no shield against a stop."""

from typing import Any

import pytest
from sqlmodel import select

from campaign.records import Disclosure
from campaign.suppression import suppressed
from tests.media.exchange import Exchange

DISCLOSURE = (
    "Hi Maria, this is Ava, an AI assistant calling for Brightroof. You just asked us about solar panels for your home. "
    "This call is recorded. Say stop at any time and I won't call again."
)
HELLO = {"at_ms": 300, "say": "Hello?"}


def heard(line: Exchange, number: str) -> list[dict[str, Any]]:
    return next(list(call["heard"]) for call in line.world.calls() if call["to"] == number)


@pytest.mark.parametrize(
    "talking",
    [
        [HELLO],
        [],
        [HELLO, {"at_ms": 2500, "say": "Who is this?"}, {"at_ms": 5000, "say": "Hello?"}],
        [HELLO, {"at_ms": 1100, "say": "Hello?"}],
    ],
    ids=["hello", "silent", "talks over it", "hello twice"],
)
async def test_the_disclosure_is_spoken_once_and_heard_whole(line: Exchange, talking: list[dict[str, Any]]):
    number = "+12125550121"
    line.world.script(number, [*talking, {"at_ms": 17_000, "hang_up": True}])
    story = await line.story(await line.ring("21"))
    spoken = [turn for turn in story.turns if turn.role == "agent" and turn.text.startswith("Hi Maria")]
    assert len(spoken) == 1
    assert spoken[0].text.startswith(DISCLOSURE)
    assert spoken[0].unheard == ""
    assert story.said("agent").count("AI assistant") == 1
    assert story.call.disclosed_at_ms
    with line.database.reading() as session:
        row = session.exec(select(Disclosure).where(Disclosure.attempt_id == story.call.attempt_id)).one()
    assert row.offset_ms == story.call.disclosed_at_ms
    captions = " ".join(caption["text"] for caption in heard(line, number))
    assert captions.count(DISCLOSURE) == 1
    assert "disclosure_not_heard" not in story.flags
    line.nothing_left()


@pytest.mark.parametrize("wish", [{"say": "Stop calling me."}, {"press": "9"}], ids=["voice", "keypress"])
async def test_a_stop_during_the_disclosure_acts_at_once(line: Exchange, wish: dict[str, str]):
    """DESIGN truths 4 and 6."""
    number = "+12125550122"
    line.world.script(number, [HELLO, {"at_ms": 4000, **wish}])
    story = await line.story(await line.ring("22"))
    assert story.call.wanted == "opted_out"
    cut = next(turn for turn in story.turns if turn.text.startswith("Hi Maria"))
    assert cut.unheard != ""
    assert DISCLOSURE not in " ".join(caption["text"] for caption in heard(line, number))
    assert heard(line, number)[-1]["text"] == "Understood. I won't call you again. Goodbye."
    with line.database.reading() as session:
        found = suppressed(session, number, "solar-us")
    assert found is not None
    assert found.channel == ("keypress" if "press" in wish else "voice")
    line.nothing_left()
