"""A campaign rings no faster, on no more lines and for no more money than it says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaign import ids
from campaign.database import Database
from campaign.file import Campaign, parse
from campaign.records import Attempt, Call, Lead
from dialer.pacing import held
from tests.dialer.stage import CAMPAIGN

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


def campaign(**changes: object) -> Campaign:
    usual = parse(CAMPAIGN)
    pacing = usual.pacing.model_copy(update={"calls_per_second": 2.0, "concurrent_calls": 3} | changes)
    return usual.model_copy(update={"pacing": pacing, "budget": usual.budget.model_copy(update={"per_day_usd": 1.0})})


def rang(database: Database, at: datetime, *, settled: bool = False, cost: float = 0.0) -> None:
    lead_id, attempt_id = ids.new("lead"), ids.new("att")
    with database.transaction() as session:
        session.add(
            Lead(id=lead_id, campaign="solar-us", source="w", external_id=lead_id, received_at=at, updated_at=at)
        )
        session.flush()
        session.add(
            Attempt(
                id=attempt_id, lead_id=lead_id, campaign="solar-us", campaign_version=1, number=1, fence=1,
                to_number=attempt_id, from_number="+12125550100", intent_at=at, intent_real_at=at,
                settled_at=at if settled else None,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Call(
                attempt_id=attempt_id, lead_id=lead_id, campaign="solar-us", playbook="solar-us", playbook_sha256="",
                started_at=at, cost_usd=cost,
            )
        )  # fmt: skip


def test_an_idle_campaign_may_ring(database: Database) -> None:
    with database.reading() as session:
        assert held(session, campaign(), NOW) is None


def test_busy_lines_hold_the_next_call(database: Database) -> None:
    for _ in range(3):
        rang(database, NOW - timedelta(minutes=1))
    rang(database, NOW - timedelta(minutes=1), settled=True)
    with database.reading() as session:
        assert held(session, campaign(), NOW) == (NOW + timedelta(seconds=3), "lines_busy")
        assert held(session, campaign(concurrent_calls=4), NOW) is None


@pytest.mark.parametrize(("rate", "waits"), [(2.0, 1.0), (0.5, 2.0)])
def test_calls_keep_their_distance(database: Database, rate: float, waits: float) -> None:
    for _ in range(2):
        rang(database, NOW - timedelta(seconds=0.4), settled=True)
    with database.reading() as session:
        assert held(session, campaign(calls_per_second=rate), NOW) == (NOW + timedelta(seconds=waits), "paced")
        assert held(session, campaign(calls_per_second=3.0), NOW) is None


def test_money_spent_today_holds_until_the_campaigns_next_day(database: Database) -> None:
    rang(database, NOW - timedelta(hours=1), settled=True, cost=0.6)
    with database.reading() as session:
        assert held(session, campaign(), NOW) is None
    rang(database, NOW - timedelta(hours=2), settled=True, cost=0.4)
    with database.reading() as session:
        tomorrow = datetime(2026, 11, 26, tzinfo=ZoneInfo("America/New_York"))
        assert held(session, campaign(), NOW) == (tomorrow, "budget_spent")
        assert held(session, campaign(), NOW + timedelta(days=1)) is None
