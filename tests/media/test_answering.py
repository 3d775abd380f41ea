"""Who answers, over real sockets and real speech: what screeners, menus and machines hear of us, and what the model is told."""

import asyncio
import json
from typing import Any

from campaign.settings import Settings
from tests.media.exchange import CAMPAIGN, Exchange, Story, World, exchange

SENTENCE = "This is Ava, an AI assistant calling for Brightroof about the solar request made on our website."
SECRET = "ring twice, lead {}"
"""In the form, and nobody's business but the person's."""
MESSAGE = "Hi, this is Brightroof about your solar request. We will try you again later. Goodbye."
ENDINGS = ("14", "91", "92", "93", "94", "95")


def call_to(line: Exchange, ending: str) -> dict[str, Any]:
    return next(call for call in line.world.calls() if call["to"] == f"+121255501{ending}")


def heard(line: Exchange, ending: str) -> list[str]:
    """Of our model's voice or the carrier's: on a busy machine a clip may cover the first second."""
    said = [caption["text"] for caption in call_to(line, ending)["heard"]]
    return [text for text in said if text.strip() and text != "One moment please."]


def told(line: Exchange) -> str:
    """Everything the models were ever sent, but audio."""
    return json.dumps([frame for session in line.world.sessions() for frame in session["frames"] if "event" in frame])


async def ring(line: Exchange, *endings: str) -> dict[str, Story]:
    attempts = await asyncio.gather(*(line.ring(ending, message=SECRET.format(ending)) for ending in endings))
    stories = await asyncio.gather(*(line.story(attempt_id) for attempt_id in attempts))
    return dict(zip(endings, stories, strict=True))


async def test_screeners_get_one_sentence_machines_none_and_a_person_the_greeting(line: Exchange):
    """R56, R58, R60: no verdict comes at all here, so what is heard must do."""
    stories = await ring(line, *ENDINGS)
    assert {ending: story.call.reached for ending, story in stories.items()} == {
        "14": "nobody",
        "91": "human",
        "92": "screening",
        "93": "machine",
        "94": "voicemail",
        "95": "voicemail",
    }
    assert [ending for ending in ENDINGS if SECRET.format(ending) in told(line)] == ["91"]
    assert {ending: story.call.wanted for ending, story in stories.items() if story.call.wanted} == {"91": "booked"}

    said = heard(line, "91")
    assert said[0] == SENTENCE
    assert "an AI assistant calling for Brightroof." in said[1]
    assert "This call is recorded." in said[1]
    assert stories["91"].call.disclosed_at_ms
    order = [turn.text for turn in stories["91"].turns if turn.role != "note"]
    assert order.index(SENTENCE) < order.index("Hello? This is Sam.")
    assert heard(line, "92") == [SENTENCE]
    assert heard(line, "14")[0].startswith("Hi Maria, this is Ava, an AI assistant")

    for ending in ("93", "94", "95"):
        story = stories[ending]
        assert "Is now a good time" not in " ".join(heard(line, ending))
        assert (story.call.ended_by, story.uses) == ("system", [])
        assert story.call.usage["machine_usd"] == story.call.cost_usd
    assert stories["91"].call.usage["machine_usd"] == 0
    line.nothing_left()


async def test_a_voicemail_without_a_verdict_is_left_the_message_behind_its_tone(world: World, settings: Settings):
    """R61: once, and nothing else."""
    document = f'{CAMPAIGN}voicemail: {{action: message, message: "{MESSAGE}"}}\n'
    async with exchange(world, settings, document) as line:
        stories = await ring(line, "94", "95")
        await line.until(lambda: not any(call["alive"] for call in line.world.calls()), "the message is said", 40)
        for ending, story in stories.items():
            said = [text.lower() for text in heard(line, ending)]
            assert said[-1] == MESSAGE.lower()
            assert sum(MESSAGE.lower() in text for text in said) == 1
            call = call_to(line, ending)
            assert call["heard"][-1]["start_ms"] >= max(caption["end_ms"] for caption in call["said"])
            assert story.call.reached == "voicemail"
        line.nothing_left()
