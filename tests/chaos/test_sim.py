"""A few random hours on each database; `make chaos` runs hundreds."""

from collections.abc import Iterator

import pytest
import redis
from sqlmodel import Session

from campaign.records import Attempt, Lead
from dialer import reconcile
from dialer.carrier import Order, Unclear
from tests.chaos.exchange import Exchange
from tests.chaos.sim import Mortal, simulate


@pytest.fixture
def mortal(database_url: str) -> Iterator[Mortal]:
    opened = Mortal(database_url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("seed", [1, 2])
def test_reliability_1_to_5_nobody_is_lost_and_nobody_called_twice(mortal: Mortal, valkey_url: str, seed: int) -> None:
    """reliability.md rules 1-5, 9 and 18.

    Two beats, kills between any two steps, lost queues, repeated jobs, ambiguous POSTs, senders that repeat.
    """
    with redis.Redis.from_url(valkey_url) as client:
        broken, world = simulate(mortal, client, seed)
    print(dict(world.done), world.exchange.done, len(world.exchange.calls), "calls")
    assert broken == []
    assert len(world.exchange.calls) >= 5


def test_reliability_6_a_blind_retry_is_caught(
    sqlite_url: str, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """reliability.md rule 6: a reconciler that takes "no answer" for "no call" and dials again is found out by the verdict.

    The carrier makes every call, answers no POST, and tells late.
    """

    def unanswered(exchange: Exchange, order: Order) -> Unclear:
        exchange._create(order, quiet=True)
        return Unclear("ReadTimeout")

    def blind(session: Session, attempt: Attempt, now: object) -> None:
        attempt.state, attempt.settled_at, attempt.reconcile_at = "unknown_no_call", now, None  # type: ignore[assignment]
        lead = session.get_one(Lead, attempt.lead_id)
        lead.state, lead.due_at, lead.lease_until = "scheduled", now, None  # type: ignore[assignment]

    monkeypatch.setattr(Exchange, "place", unanswered)
    mortal = Mortal(sqlite_url)
    with redis.Redis.from_url(valkey_url) as client:
        assert simulate(mortal, client, 1)[0] == []
        monkeypatch.setattr(reconcile, "_not_found", blind)
        monkeypatch.setattr(reconcile, "_look", lambda _carrier, attempt: [])
        assert any("called" in fault for fault in simulate(mortal, client, 1, rest_s=30)[0])
    mortal.dispose()
