"""Our numbers: the nearest one for a lead, the same one again, and rest for those that networks block or nobody answers."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from campaign import ids
from campaign.database import Database
from campaign.file import parse
from campaign.records import Attempt, Halt, Lead
from dialer import caller_health
from dialer.caller_health import BLOCKED, Health, judge
from dialer.callers import Distance, choose, distance
from tests.conftest import NOON
from tests.dialer.stage import CAMPAIGN

POOL = ("+12125550100", "+15185550100", "+13105550100", "+14165550100", "+61255501234")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550199", "+12125550100"),  # New York City: its own code
        ("+17185550199", None),  # New York State: either of two there
        ("+14155550199", "+13105550100"),  # San Francisco: the one in California
        ("+19075550199", None),  # Alaska: any of the US
        ("+14375550199", "+14165550100"),  # Toronto's other code
        ("+61755501234", "+61255501234"),  # Queensland: Australia
    ],
)
def test_a_lead_sees_the_nearest_number(number: str, expected: str | None):
    chosen = {choose(POOL, None, f"lead_{n}", number) for n in range(60)}
    near = {"+17185550199": set(POOL[:2]), "+19075550199": set(POOL[:3])}
    assert chosen == ({expected} if expected else near[number])


@given(lead_id=st.text(min_size=1, max_size=20), last=st.sampled_from(POOL))
def test_the_choice_is_always_the_same_and_stays_theirs(lead_id: str, last: str):
    """The same on a retry, wherever it is from, unless it rests: then another, and always the same other."""
    assert choose(POOL, last, lead_id, "+12125550199") == last
    resting = [one for one in POOL if one != last]
    assert choose(resting, last, lead_id, "+12125550199") == choose(resting, last, lead_id, "+12125550199")


def test_equally_near_numbers_share_the_load():
    counts = Counter(choose(POOL[:2], None, f"lead_{n}", "+17185550199") for n in range(400))
    assert min(counts.values()) > 150


def test_what_is_no_number_is_far_from_everything():
    assert distance("+12125550100", "") is Distance.ABROAD
    assert choose(POOL, None, "lead_1", "") in POOL


@pytest.mark.parametrize(
    ("health", "others", "reason"),
    [
        (Health(10, 4, 2), 1, None),
        (Health(10, 4, 3), 1, "blocked_by_networks"),
        (Health(10, 4, 3), 0, "blocked_by_networks"),
        (Health(50, 3, 0), 1, "few_answers"),
        (Health(50, 3, 0), 0, None),
        (Health(39, 0, 0), 1, None),
        (Health(50, 4, 0), 1, None),
    ],
)
def test_when_a_number_rests(health: Health, others: int, reason: str | None):
    rest = judge(health, others=others)
    assert (rest.reason if rest else None) == reason


def test_every_block_of_the_table_counts():
    """603, 607, 608 and their like. (twilio.md 13.2)"""
    assert {"declined_by_network", "unwanted", "rejected_by_analytics"} <= BLOCKED
    assert "no_answer" not in BLOCKED


def test_a_number_that_networks_block_rests_and_a_rest_without_end_stays_one(database: Database):
    """R21 disables, this rests: looked at over the number's own calls of the last day only."""
    campaign = parse(CAMPAIGN)
    first, second = campaign.caller_ids
    with database.transaction() as session:
        _lead(session)
        for minutes, disposition in ((5, "declined_by_network"), (50, "unwanted"), (26 * 60, "unwanted")):
            last = _attempt(session, first, minutes, disposition)
        _attempt(session, second, 5, "declined_by_network")
        caller_health.review(session, last, campaign, NOON)
        assert session.get(Halt, f"caller:{first}") is None
        last = _attempt(session, first, 1, "rejected_by_analytics")
        caller_health.review(session, last, campaign, NOON)
        halt = session.get_one(Halt, f"caller:{first}")
        assert (halt.reason, halt.until) == ("blocked_by_networks", NOON + timedelta(days=1))
        halt.until = None
        session.add(halt)
        session.flush()
        caller_health.review(session, last, campaign, NOON)
        assert session.get_one(Halt, f"caller:{first}").until is None
        assert session.get(Halt, f"caller:{second}") is None


def _lead(session: Session) -> None:
    session.add(Lead(id="lead_1", campaign="solar-us", source="w", external_id="1", received_at=NOON, updated_at=NOON))
    session.flush()


def _attempt(session: Session, number: str, minutes_ago: int, disposition: str, **changes: Any) -> Attempt:
    at = NOON - timedelta(minutes=minutes_ago)
    attempt = Attempt(
        id=ids.new("att"), lead_id="lead_1", campaign="solar-us", campaign_version=1, number=1, fence=1, state="failed",
        to_number="+12125550101", from_number=number, intent_at=at, intent_real_at=at, settled_at=at, disposition=disposition,
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    return attempt
