"""Long calls, on real sockets: the model's context is pruned and its session changed, and nobody on the phone can tell."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from campaign.settings import Settings
from tests.media.exchange import CAMPAIGN, Exchange, World, exchange
from tests.media.test_calls import violations

SMALL = CAMPAIGN + "budget: {context_tokens: 1500}\n"


@pytest.fixture
async def small(world: World, settings: Settings) -> AsyncIterator[Exchange]:
    """An exchange whose campaign lets the context grow to no more than a few turns."""
    async with exchange(world, settings, SMALL) as made:
        yield made


def frames(session: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [frame["event"] for frame in session["frames"] if frame["type"] == kind]


async def test_a_call_whose_context_is_pruned_again_and_again_still_books(small: Exchange):
    """Realtime.md section 3, context growth: a summary at the root, whole calls or none, nothing in use."""
    story = await small.story(await small.ring("01"))
    assert (story.call.wanted, story.call.ended_by) == ("booked", "agent")
    assert story.flags == []
    assert story.call.latency["counts"]["prunings"] >= 1
    (session,) = small.world.sessions()
    assert frames(session, "conversation.item.delete")
    assert [e for e in frames(session, "conversation.item.create") if e.get("previous_item_id") == "root"]
    assert violations(small) == []
    assert story.said("agent").count("an AI assistant calling for Brightroof") == 1


async def test_a_session_near_its_end_is_changed_in_mid_call_without_a_word(line: Exchange):
    """Rule 59; realtime.md section 3, point 9: it says that it has five minutes and three seconds to live."""
    line.world.faults("realtime", lifetime={"seconds": 305})
    story = await line.story(await line.ring("01"))
    assert (story.call.wanted, story.call.ended_by) == ("booked", "agent")
    assert story.flags == []
    assert story.call.latency["counts"]["rotations"] == 1
    first, second = sorted(line.world.sessions(), key=lambda session: "Do not greet" in json.dumps(session["frames"]))
    assert first["closed"]["by"] == "client"
    told = [item["item"]["role"] for item in frames(second, "conversation.item.create") if "role" in item["item"]]
    assert "assistant" in told
    assert violations(line) == []
    assert story.said("agent").count("an AI assistant calling for Brightroof") == 1
    line.nothing_left()
