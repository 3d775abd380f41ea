"""The sweep is what keeps leads from being lost, so one step that fails must not take the others with it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from campaign import clock
from campaign.jobs import Job
from campaign.records import Lead
from dialer import sweep
from tests.dialer.stage import Stage

Sent = list[tuple[Job, str]]


def broken(session: Session, _now: datetime) -> Iterator[sweep.Found]:
    session.execute(sa.text("SELECT nothing FROM nowhere"))
    yield from ()


def swept(stage: Stage, *upkeep: sweep.Upkeep) -> Sent:
    sent: Sent = []
    now = clock.now() + timedelta(seconds=2)
    sweep.sweep(stage.database, stage.settings, lambda *job: sent.append(job), sweep.Recently(), upkeep, now)
    return sent


def test_upkeep_that_fails_costs_nobody_a_call(stage: Stage) -> None:
    lead_id = stage.lead()
    ran: list[datetime] = []

    def failing(session: Session, now: datetime) -> None:
        list(broken(session, now))

    def working(_session: Session, now: datetime) -> None:
        ran.append(now)

    assert swept(stage, failing, working) == [(Job.DIAL, lead_id)]
    assert len(ran) == 1


def test_a_look_that_fails_hides_nothing_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_id = stage.lead()

    def behind_it(session: Session, _now: datetime) -> Iterator[sweep.Found]:
        yield from ((Job.SCRUB, found) for found in session.exec(select(Lead.id)))

    monkeypatch.setattr(sweep, "LOOKS", (broken, behind_it))
    assert swept(stage) == [(Job.DIAL, lead_id), (Job.SCRUB, lead_id)]
