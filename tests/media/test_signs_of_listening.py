"""A person who says "yeah" while the agent talks is not taken for one who interrupts."""

from campaign.settings import Settings
from tests.media.exchange import CAMPAIGN, World, exchange

PATIENT = CAMPAIGN + "listening: {interrupt_after_ms: 450}\n"
"""The sandbox notices speech within 40 ms, a real detector later: the same word needs a longer filter here."""


async def test_a_yeah_in_the_middle_of_a_sentence_cuts_nothing_short(world: World, settings: Settings):
    async with exchange(world, settings, PATIENT) as line:
        story = await line.story(await line.ring("29"))
        assert (story.call.reached, story.call.wanted) == ("human", "booked")
        counts = story.call.latency["counts"]
        assert counts.get("back_channels", 0) >= 1
        assert counts.get("interruptions", 0) == 0
        assert [turn.unheard for turn in story.turns if turn.role == "agent" and turn.unheard] == []
        line.nothing_left()
