"""The vendors once a session, an exchange of ours per test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from campaign.settings import Settings
from tests.conftest import free_port
from tests.media.exchange import Exchange, World, exchange, sandbox, settings_for


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    credentials = tmp_path_factory.mktemp("google") / "service-account.json"
    with (
        sandbox("twilio") as twilio,
        sandbox("realtime", "--seed", "7") as realtime,
        sandbox("google", "--empty", "--write-credentials", str(credentials)) as google,
    ):
        yield World(twilio, realtime, google, credentials)


@pytest.fixture
def world(_world: World) -> World:
    _world.reset()
    return _world


@pytest.fixture
def settings(world: World, sqlite_url: str, tmp_path: Path) -> Settings:
    return settings_for(world, sqlite_url, tmp_path, free_port(), free_port())


@pytest.fixture
async def line(world: World, settings: Settings) -> AsyncIterator[Exchange]:
    async with exchange(world, settings) as made:
        yield made
