"""Callbacks that were promised: placed first, and kept or broken by when the call was placed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from campaign import clock, ids
from campaign.records import Attempt, Lead, Promise
from dialer import promises
from dialer.promises import Judged, judge
from tests.dialer.stage import Stage, Talk

ANN = "+12125550121"
DUE = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("placed_after_s", "now_after_s", "expected"),
    [
        ([], -60, Judged("open")),
        ([], 14 * 60, Judged("open")),
        ([], 16 * 60, Judged("broken")),
        ([3], 60, Judged("kept", 3)),
        ([-90], 60, Judged("kept", -90)),
        ([-3600], 60, Judged("open")),  # some other call, long before
        ([15 * 60], 3600, Judged("kept", 900)),
        ([20 * 60], 3600, Judged("broken", 1200)),
        ([61 * 60], 7200, Judged("broken")),
        ([600, 5], 3600, Judged("kept", 5)),  # the first one counts
    ],
)
def test_a_promise_is_kept_by_a_call_in_time(placed_after_s: list[int], now_after_s: int, expected: Judged):
    placed = [DUE + timedelta(seconds=seconds) for seconds in placed_after_s]
    assert judge(DUE, placed, DUE + timedelta(seconds=now_after_s)) == expected


def promise_of(stage: Stage, lead_id: str) -> list[Promise]:
    with stage.database.reading() as session:
        return list(session.exec(select(Promise).where(Promise.lead_id == lead_id).order_by(col(Promise.due_at))))


def asked_for_later(stage: Stage, at: datetime) -> str:
    """A call in which the person asked to be rung at `at`; its settled lead."""
    lead_id = stage.lead(ANN)
    stage.talk = Talk(wanted="callback", callback_at=at)
    stage.dial(lead_id)
    stage.settled(lead_id)
    return lead_id


def test_a_callback_asked_for_is_a_promise_and_the_next_in_line(stage: Stage, monkeypatch: Any):
    """From the phone call to the kept promise: due row, first in line, judged by when the next call was placed."""
    at = clock.now() + timedelta(hours=2)
    lead_id = asked_for_later(stage, at)
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.priority, lead.reason) == ("scheduled", 0, "callback_promised")
    (promise,) = promise_of(stage, lead_id)
    assert (promise.state, promise.due_at, promise.attempt_id) == (
        "open",
        lead.callback_at,
        stage.attempts(lead_id)[0].id,
    )

    offset = (promise.due_at + timedelta(seconds=4) - datetime.now(UTC)).total_seconds()
    monkeypatch.setenv("CLOCK_OFFSET", str(offset))
    stage.talk = Talk(wanted="qualified")
    assert stage.dial(lead_id), stage.get(Lead, lead_id).reason
    stage.settled(lead_id)
    (promise,) = promise_of(stage, lead_id)
    assert promise.state == "kept"
    assert promise.late_s is not None
    assert 0 <= promise.late_s < 60


def test_a_promise_nobody_kept_is_broken_and_one_given_up_is_void(stage: Stage):
    now = clock.now()
    lead_id = asked_for_later(stage, now + timedelta(hours=1))
    with stage.database.transaction() as session:
        promises.overdue(session, now + timedelta(hours=1, minutes=10))
    assert promise_of(stage, lead_id)[0].state == "open"
    with stage.database.transaction() as session:
        promises.overdue(session, now + timedelta(hours=1, minutes=20))
    assert promise_of(stage, lead_id)[0].state == "broken"

    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, stage.attempts(lead_id)[0].id)
        lead = session.get_one(Lead, lead_id)
        again = Attempt(**(attempt.model_dump() | {"id": ids.new("att"), "call_sid": "CA2", "settled_at": now}))
        session.add(again)
        session.flush()
        promises.make(session, lead, again, now + timedelta(hours=2), now)
        lead.state = "opted_out"
        session.add(lead)
    with stage.database.transaction() as session:
        promises.overdue(session, now + timedelta(hours=3))
    assert [promise.state for promise in promise_of(stage, lead_id)] == ["broken", "void"]
