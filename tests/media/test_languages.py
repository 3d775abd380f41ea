"""Calls in Spanish through the media process: begun in it, changed into it, and covered in it when the model is away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from campaign.settings import Settings
from qualify.languages import spoken_in
from tests.media.exchange import CAMPAIGN, Exchange, Story, World, exchange
from tests.media.test_calls import violations

DISCLOSURE = (
    "Hola, María, le habla Ava, asistente de inteligencia artificial de Brightroof. Usted nos pidió información sobre paneles "
    "solares para su casa. Esta llamada se graba. Si me dice alto, no volveré a llamarle."
)
APOLOGY = "Lo siento, hubo un problema de nuestra parte. Alguien le llamará de nuevo. Adiós."


@pytest.fixture
async def both(world: World, settings: Settings) -> AsyncIterator[Exchange]:
    """A campaign that speaks English and, to who declares or asks for it, Spanish."""
    async with exchange(world, settings, CAMPAIGN + "languages: {es: solar-us-es}\n") as made:
        yield made


def updates(line: Exchange, first_words: str) -> list[dict[str, Any]]:
    """What the session whose instructions hold these words was configured with, in order."""
    for session in line.world.sessions():
        events = [
            frame["event"] for frame in session["frames"] if frame.get("event", {}).get("type") == "session.update"
        ]
        if first_words in events[0]["session"]["instructions"]:
            return [event["session"] for event in events]
    raise AssertionError("no such session")


def spoken(story: Story) -> list[str | None]:
    return [spoken_in(turn.text) for turn in story.turns if turn.role == "agent"]


async def test_a_form_in_spanish_and_a_caller_who_asks_for_it(both: Exchange):
    """Whole calls, at once. Rule 3: at a switch the transcriber alone is told by an update, the model by an item."""
    attempts = await asyncio.gather(both.ring("18", "María", answers={"language": "es"}), both.ring("19", "Elena"))
    declared, asked = await asyncio.gather(*(both.story(attempt) for attempt in attempts))
    for story in (declared, asked):
        assert story.call.wanted == "booked"
        assert story.call.language == "es-US"
        assert story.call.disclosed_at_ms
        assert "Queda reservada para el" in story.said("agent")
        assert "de la mañana" in story.said("agent") or "de la tarde" in story.said("agent")
        assert story.said("agent").endswith("Adiós.")
        assert story.call.answers == {
            "homeowner": "yes", "monthly_bill": 200, "roof_shade": "mucho sol", "timeline": "lo antes posible",
        }  # fmt: skip
        assert story.flags == []

    assert declared.call.playbook == "solar-us-es"
    assert declared.said("agent").startswith(DISCLOSURE)
    assert "en" not in spoken(declared)
    assert "Sí, es propia." in declared.said("caller")
    assert [each["audio"]["input"]["transcription"]["language"] for each in updates(both, "Hola, María")] == ["es"]

    assert asked.turns[1].text.startswith("Hi Elena, this is Ava, an AI assistant")
    assert spoken(asked).count("en") == 1, "the greeting, which is not said again"
    assert "inteligencia artificial" not in asked.said("agent")
    first, *later = updates(both, "Hi Elena")
    assert first["audio"]["input"]["transcription"]["language"] == "en"
    switch = [update for update in later if "transcription" in update["audio"]["input"]]
    assert len(switch) == 1
    assert set(switch[0]) == {"type", "audio"}
    assert switch[0]["audio"]["input"]["transcription"]["language"] == "es"
    assert switch[0]["audio"]["input"]["format"] == switch[0]["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert violations(both) == []
    both.nothing_left()


async def test_spanish_asked_for_before_the_disclosure_was_heard_gets_it_in_spanish(both: Exchange):
    number = "+12125550121"
    steps = [
        {"at_ms": 300, "say": "¿Bueno?"},
        {"at_ms": 3500, "say": "Disculpe, ¿habla español?"},
        {"at_ms": 26_000, "hang_up": True},
    ]
    both.world.script(number, steps, voice="leo")
    story = await both.story(await both.ring("21", "María"))
    heard = story.said("agent")
    assert DISCLOSURE in heard
    assert story.call.disclosed_at_ms
    assert story.call.language == "es-US"
    assert "disclosure_not_heard" not in story.flags


async def test_a_campaign_without_spanish_says_so_in_spanish_and_owes_a_call(line: Exchange):
    story = await line.story(await line.ring("19"))
    assert "¿Quiere que le llame alguien que lo hable?" in story.said("agent")
    assert "language_unavailable" in story.flags
    assert story.call.language == "en-US"
    assert story.call.wanted == "needs_human"


async def test_no_model_at_all_is_apologised_for_in_the_persons_language(both: Exchange):
    """R72."""
    both.world.faults("realtime", handshake={"status": 503, "times": 0})
    story = await both.story(await both.ring("18", "María", answers={"language": "Spanish"}))
    assert APOLOGY in story.said("agent")
    heard = next(call["heard"] for call in both.world.calls())
    assert APOLOGY in " ".join(str(entry["text"]) for entry in heard), "and heard as what it is"
