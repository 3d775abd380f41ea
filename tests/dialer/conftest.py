"""The stage of a dial on each database: see `stage.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.database import Database
from campaign.settings import Settings
from dialer.carrier import Carrier
from tests.conftest import free_port
from tests.dialer import stage as stages
from tests.dialer.stage import Stage, Twilio


@pytest.fixture(scope="session")
def _twilio() -> Iterator[Twilio]:
    with stages.running_twilio() as twilio:
        yield twilio


@pytest.fixture
def twilio(_twilio: Twilio) -> Twilio:
    _twilio.reset()
    _twilio.faults()
    return _twilio


@pytest.fixture
def settings(twilio: Twilio, tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        public_url=f"http://127.0.0.1:{free_port()}",
        twilio_account_sid=stages.ACCOUNT,
        twilio_auth_token=stages.TOKEN,
        twilio_api_url=twilio.url,
        twilio_calls_per_second=1000,
        database_url=database_url,
        var_dir=tmp_path / "var",
    )


@pytest.fixture
def stage(database: Database, settings: Settings, twilio: Twilio) -> Iterator[Stage]:
    carrier = Carrier(settings)
    stage = Stage(database, settings, twilio, carrier)
    database.send = lambda job, entity_id: stage.jobs.append((job, entity_id))
    stages.apply_campaign(database)
    with stages.serving(stages.doors(stage), int(settings.public_base.rsplit(":", 1)[1])):
        yield stage
    carrier.close()
