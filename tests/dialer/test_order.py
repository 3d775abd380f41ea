"""Who is named first, and that nobody is starved by somebody else's list."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from campaign import clock, store
from campaign.database import Database
from campaign.file import parse
from campaign.records import Attempt, Halt, Lead
from campaign.settings import Settings
from dialer import order
from dialer.order import FRESH, IMPORTED, PROMISED, RETRY
from tests.dialer.stage import CAMPAIGN, Stage, apply_campaign

SETTINGS = Settings(_env_file=None, twilio_account_sid="AC1", twilio_calls_per_second=2.0)  # type: ignore[call-arg]
MINUTE = timedelta(minutes=1)


def named(database: Database, *, lines: int = 50) -> list[str]:
    text = CAMPAIGN.rstrip() + f"\npacing: {{concurrent_calls: {lines}, calls_per_second: 2}}\n"
    with database.transaction() as session:
        store.apply(session, parse(text), text, by="test", now=clock.now())
    with database.reading() as session:
        return list(order.due(session, SETTINGS, clock.now()))


def waiting(database: Database, name: str, priority: int, minutes_ago: float) -> None:
    now = clock.now()
    with database.transaction() as session:
        session.add(
            Lead(
                id=name, campaign="solar-us", source="w", external_id=name, received_at=now, updated_at=now,
                state="scheduled", priority=priority, due_at=now - minutes_ago * MINUTE,
            )
        )  # fmt: skip


def test_promises_then_the_newest_fresh_lead_then_retries_then_lists(database: Database) -> None:
    for name, priority, minutes in (
        ("list", IMPORTED, 900), ("retry", RETRY, 60), ("older", FRESH, 30), ("newest", FRESH, 1), ("promised", PROMISED, 2),
    ):  # fmt: skip
        waiting(database, name, priority, minutes)
    waiting(database, "tomorrow", PROMISED, -900)
    assert named(database) == ["promised", "newest", "older"], "no more than fit into the next second"


def test_a_bulk_import_never_starves_a_fresh_lead(database: Database) -> None:
    for number in range(300):
        waiting(database, f"list{number}", IMPORTED, 10)
    waiting(database, "fresh", FRESH, 1)
    first, *rest = named(database)
    assert first == "fresh"
    assert len(rest) == 2


@pytest.mark.parametrize("priority", [RETRY, IMPORTED])
def test_whoever_can_wait_gives_way_to_a_fresh_lead_that_found_no_place(stage: Stage, priority: int) -> None:
    """One call in twenty seconds, and a list of which somebody always comes just when they are over."""
    text = CAMPAIGN.rstrip() + "\npacing: {calls_per_second: 0.05}\n"
    apply_campaign(stage.database, text)
    first, listed = (stage.lead(f"+1212555014{last}", priority=priority) for last in (1, 2))
    assert stage.dial(first)
    fresh = stage.lead("+12125550143", priority=FRESH)
    assert stage.dial(fresh) is None, "this time's call is taken"
    with stage.database.transaction() as session:
        for attempt in session.exec(select(Attempt)):
            attempt.intent_at -= timedelta(seconds=40)
    assert stage.dial(listed) is None
    lead: Lead = stage.get(Lead, listed)
    assert (lead.state, lead.reason) == ("scheduled", "paced")
    assert stage.dial(fresh)
    with stage.database.transaction() as session:
        for attempt in session.exec(select(Attempt)):
            attempt.intent_at -= timedelta(seconds=40)
    assert stage.dial(listed)


def test_lists_leave_lines_free(database: Database) -> None:
    for number in range(10):
        waiting(database, f"list{number}", IMPORTED, 10)
    assert len(named(database, lines=3)) == 3
    assert len(named(database, lines=1)) == 1


def test_a_brake_names_nobody_and_takes_nobodys_place(database: Database) -> None:
    waiting(database, "a", FRESH, 1)
    for scope in ("account", "campaign:solar-us"):
        with database.transaction() as session:
            session.add(Halt(scope=scope, reason="paused", at=clock.now()))
        assert named(database) == []
        with database.transaction() as session:
            session.delete(session.get_one(Halt, scope))
    assert named(database) == ["a"]


def test_the_next_is_found_by_the_index(database: Database, explain: Callable[[str], str]) -> None:
    """`make bench` measures it among a million; here the plan must not read what is not due."""
    plan = explain(
        "SELECT id FROM lead WHERE state = 'scheduled' AND campaign = 'a' AND priority = 1 "
        "AND due_at <= '2026-11-25 00:00:00' ORDER BY due_at DESC LIMIT 5"
    )
    assert "ix_lead_due" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
