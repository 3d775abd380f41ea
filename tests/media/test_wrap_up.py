"""The summary after a call: by the model, or from the ledger when the model cannot; once, whoever asks."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from campaign.database import Database
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead, Turn
from campaign.settings import Settings
from qualify import digest
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
        session.add(
            Turn(attempt_id="att_1", seq=1, role="caller", text="No thanks, too expensive.", started_ms=0, ended_ms=900)
        )
    return database


def summary(database: Database) -> tuple[str, str]:
    with database.reading() as session:
        call = session.get(Call, "att_1")
        assert call is not None
        return call.summary_by, call.summary


def digest_of(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        call = session.get(Call, "att_1")
        assert call is not None
        return call.digest


def test_the_model_writes_it(world: World, ended: Database, tmp_path: Path):
    jobs: list[tuple[Job, str]] = []
    ended.send = lambda job, entity_id: jobs.append((job, entity_id))
    wrap_up(ended, settings_for(world, ended.url, tmp_path, 1, 2), "att_1", NOW)
    author, text = summary(ended)
    assert author == "model"
    assert text
    parts = digest_of(ended)
    assert set(parts) == {"summary", "wants", "objections", "next_step", "outcome", "meeting", "answers", "by"}
    assert (parts["by"], parts["outcome"], parts["answers"]) == ("model", "declined", {"homeowner": "yes"})
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
    parts = digest_of(ended)
    assert (parts["by"], parts["next_step"]) == ("ledger", "Nothing")
    assert parts["objections"] == ["the person asks what it costs"]


def test_a_call_that_is_still_going_on_is_left_alone(ended: Database):
    with ended.transaction() as session:
        call = session.get(Call, "att_1")
        assert call is not None
        call.ended_at = None
        session.add(call)
    wrap_up(ended, Settings(_env_file=None), "att_1", NOW)
    assert summary(ended) == ("", "")


@pytest.mark.parametrize(
    "text", ["", "no json", "{}", '{"summary": "", "wants": "", "objections": [], "next_step": ""}', '{"summary": 5}']
)
def test_what_is_no_digest_is_not_taken_for_one(text: str):
    assert digest.read(text) is None


def test_a_digest_is_shortened_and_cleaned():
    given = {"summary": "word " * 200, "wants": "a\x00b " * 100, "objections": ["x", " "] * 9, "next_step": "Meet"}
    found = digest.read(json.dumps(given))
    assert found is not None
    assert len(found.summary.split()) == 90
    assert len(found.wants) <= 200
    assert found.objections == ["x", "x", "x"]


def test_the_schema_is_strict():
    """The API refuses a strict schema that leaves a field optional or lets others in."""
    schema = digest.schema()
    assert set(schema["required"]) == set(schema["properties"])
    assert schema["additionalProperties"] is False
