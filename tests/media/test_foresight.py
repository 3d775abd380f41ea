"""Calendars are read while the phone still rings, in the process that will hold the call."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaign.settings import Settings
from tests.conftest import free_port
from tests.media.exchange import Exchange, World, exchange, settings_for


@pytest.fixture
def settings(world: World, sqlite_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    return settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)


@pytest.fixture
async def line(world: World, settings: Settings) -> AsyncIterator[Exchange]:
    async with exchange(world, settings) as made:
        yield made


def lookups(world: World) -> list[Any]:
    requests = httpx.get(f"{world.google}/_sandbox/requests").json()
    return [one for one in requests if "freeBusy" in str(one)]


async def test_free_busy_is_read_at_ring_time(line: Exchange):
    """Nobody answers: no stream opens, and the calendars have been read all the same."""
    await line.ring("07")
    await line.until(lambda: lookups(line.world), "free/busy is asked for while it rings")
    assert not line.board.live


async def test_a_calendar_that_is_away_is_no_trouble_to_the_call(line: Exchange):
    line.world.faults("google", errors=[{"status": 503, "times": 50, "path": "freeBusy"}])
    story = await line.story(await line.ring("03"))
    assert story.call.wanted == "declined"
    assert story.flags == []
    line.nothing_left()
