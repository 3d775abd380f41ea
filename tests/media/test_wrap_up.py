"""The summary after a call: by the model, or from the ledger when the model cannot; once, whoever asks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign.database import Database
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead, Turn
from campaign.settings import Settings
from qualify.wrap_up import wrap_up
from tests.media.exchange import World, settings_for

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture
def ended(sqlite_url: str) -> Database:
    database = Database(sqlite_url)
    with database.transaction() as session:
        session.add(
            Lead(id="lead_1", campaign="solar-us", source="w", external_id="x", received_at=NOW, updated_at=NOW)
        )
        session.flush()
        session.add(
            Attempt(
                id="att_1", lead_id="lead_1", campaign="solar-us", campaign_version=1, number=1, fence=1, to_number="+12125550101",
                from_number="+12125550100", intent_at=NOW, intent_real_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Call(
                attempt_id="att_1", lead_id="lead_1", campaign="solar-us", playbook="solar-us", playbook_sha256="", started_at=NOW,
                ended_at=NOW, reached="human", wanted="declined", answers={"homeowner": "yes"}, language="en-US",
            )
        )  # fmt: skip
        session.flush()
        session.add(Turn(attempt_id="att_1", seq=1, role="caller", text="No thanks.", started_ms=0, ended_ms=900))
    return database


def summary(database: Database) -> tuple[str, str]:
    with database.reading() as session:
        call = session.get(Call, "att_1")
        assert call is not None
        return call.summary_by, call.summary


def test_the_model_writes_it(world: World, ended: Database, tmp_path: Path):
    jobs: list[tuple[Job, str]] = []
    ended.send = lambda job, entity_id: jobs.append((job, entity_id))
    wrap_up(ended, settings_for(world, ended.url, tmp_path, 1, 2), "att_1", NOW)
    author, text = summary(ended)
    assert author == "model"
    assert text
    assert jobs == [(Job.SETTLE, "att_1")]
    wrap_up(ended, settings_for(world, ended.url, tmp_path, 1, 2), "att_1", NOW)
    assert summary(ended) == (author, text)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", None])
def test_the_ledger_writes_it_when_the_model_cannot(ended: Database, address: str | None):
    settings = Settings(
        _env_file=None, openai_api_key="sk-x" if address else "", openai_api_url=address or "http://127.0.0.1:9/v1"
    )
    wrap_up(ended, settings, "att_1", NOW)
    assert summary(ended) == ("ledger", "Not interested.\n- Do you own your home? yes")


def test_a_call_that_is_still_going_on_is_left_alone(ended: Database):
    with ended.transaction() as session:
        call = session.get(Call, "att_1")
        assert call is not None
        call.ended_at = None
        session.add(call)
    wrap_up(ended, Settings(_env_file=None), "att_1", NOW)
    assert summary(ended) == ("", "")
