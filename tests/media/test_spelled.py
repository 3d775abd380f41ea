"""An e-mail on the phone: spelled back, heard, answered, and only then stored; whole calls through the media process."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from campaign.settings import Settings
from tests.media.exchange import Exchange, Story, World, exchange

DENTAL = """
name: dental-au
seller: {legal_name: Parramatta Smiles Pty Ltd, brand: Parramatta Smiles}
playbook: dental-au
timezone: Australia/Sydney
caller_ids: ["+61255501234"]
countries: [AU]
sources: [{name: dental, secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0}]
people: [{name: Kim, calendar: kim@example.com}]
"""
KNOWN = {"new_patient": "yes", "reason": "clean", "age_group": "adult", "suburb_ok": "yes"}
MIA, MIA_B = "m-i-a at e-x-a-m-p-l-e dot c-o-m", "m-i-a dot b at e-x-a-m-p-l-e dot c-o-m"


@pytest.fixture
async def practice(world: World, settings: Settings) -> AsyncIterator[Exchange]:
    async with exchange(world, settings, DENTAL) as made:
        yield made


def emails(story: Story) -> list[dict[str, Any]]:
    """What became of each try to save an e-mail, in order."""
    return [use.result for use in story.uses if use.name == "save_answers" and "email" in json.dumps(use.arguments)]


def position(story: Story, said: str) -> int:
    """ms at which the turn with these words began."""
    return next(turn.started_ms for turn in story.turns if said in turn.text)


def booked_for(line: Exchange) -> str:
    """Everything the calendar holds."""
    return httpx.get(f"{line.world.google}/_sandbox/events").text


@pytest.mark.timeout(240)
async def test_an_email_is_stored_once_it_was_spelled_back_heard_and_answered(practice: Exchange):
    """DESIGN section 6; rules 16, 24. Three people at once: one says yes, one corrects, one says yes into the read-back."""
    attempts = await asyncio.gather(*(practice.ring(ending, answers=KNOWN) for ending in ("01", "27", "28")))
    agreed, corrected, hasty = await asyncio.gather(*(practice.story(attempt, 200) for attempt in attempts))
    assert {story.call.wanted for story in (agreed, corrected, hasty)} == {"booked"}

    first, second = emails(agreed)
    assert (first["status"], first["read_back"], first["saved"]) == ("read_back", MIA, [])
    assert second["saved"] == ["email"]
    stored = next(use.started_ms for use in agreed.uses if use.result == second)
    assert position(agreed, MIA) < position(agreed, "Yes, that's right.") < stored
    assert agreed.call.answers["email"] == "mia@example.com"

    first, second, third = emails(corrected)
    assert [first["read_back"], second["read_back"]] == [MIA, MIA_B]
    assert third["saved"] == ["email"]
    assert MIA_B in corrected.said("agent")
    assert corrected.call.answers["email"] == "mia.b@example.com"

    first, *others, last = emails(hasty)
    assert first["status"] == "read_back"
    assert [other["error"] for other in others] == ["not_confirmed"]
    assert last["saved"] == ["email"]
    assert next(turn for turn in hasty.turns if "Let me read that back" in turn.text).unheard
    assert hasty.said("agent").count(MIA) == 1
    assert "mia.b@example.com" in booked_for(practice)
    practice.nothing_left()
