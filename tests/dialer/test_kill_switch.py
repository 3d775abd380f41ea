"""The kill switch: from the commit on nobody is rung, what rings is taken back, and every lead keeps its place."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col
from typer.testing import CliRunner

from campaign import clock
from campaign.errors import Permanent
from campaign.jobs import CelerySender, Job, celery_app
from campaign.records import Attempt, Halt, Lead
from dialer import brakes, order, pacing, sweep
from tests.conftest import _run_valkey, free_port, wait_until
from tests.dialer.stage import CAMPAIGN, Stage, apply_campaign
from tests.dialer.workers import Workers
from webhooks.cli import app

ANN, BEN = "+12125550141", "+12125550142"


@pytest.fixture
def cli(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", stage.settings.database_url)
    return CliRunner()


def test_r29_r31_one_word_stops_everything_and_one_lets_go(stage: Stage, cli: CliRunner) -> None:
    """R29, R31: no POST after it, the ringing call is canceled by the next sweep, the waiting lead is dialled afterwards."""
    stage.twilio.script(ANN, answer="human", ring_s=20)
    stage.twilio.script(BEN, answer="busy")
    rings, waits = stage.lead(ANN), stage.lead(BEN)
    attempt_id = stage.dial(rings) or ""
    stage.until(lambda: stage.get(Attempt, attempt_id).state == "ringing", "it rings")
    assert "stopped" in cli.invoke(app, ["halt", "--reason", "wrong script"]).output
    assert stage.dial(waits) is None
    assert stage.twilio.posts(BEN) == 0
    lead: Lead = stage.get(Lead, waits)
    assert (lead.state, lead.reason) == ("scheduled", "halted")
    sweep.sweep(stage.database, stage.settings, lambda *job: stage.jobs.append(job), sweep.Recently(), [], clock.now())
    stage.work()
    stage.until(lambda: stage.get(Attempt, attempt_id).state == "canceled", "what rang is taken back")
    assert "wrong script" in cli.invoke(app, ["halts"]).output
    assert cli.invoke(app, ["resume"]).exit_code == 0
    with stage.database.transaction() as session:
        session.get_one(Lead, waits).due_at = clock.now() - timedelta(seconds=5)
    with stage.database.reading() as session:
        assert list(order.due(session, stage.settings, clock.now())) == [waits]
    assert stage.dial(waits) is not None


def test_r31_a_worker_that_waits_for_its_place_sees_the_brake(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """R31: the lead's place in the next second is a moment away; a brake that comes meanwhile makes no POST."""
    slow = stage.settings.model_copy(update={"twilio_calls_per_second": 1.5})
    with stage.database.transaction() as session:
        row = pacing.turn(session, slow, clock.now())
        pacing.leave(row, slow, clock.now())
        session.add(row)
    stage.settings = slow
    lead_id = stage.lead(ANN)
    dialing = threading.Thread(target=stage.dial, args=(lead_id,))
    dialing.start()
    stage.until(lambda: stage.all(Attempt), "the attempt is committed")
    with stage.database.transaction() as session:
        brakes.stop(session, "campaign:solar-us", "test", clock.now())
    dialing.join()
    assert stage.twilio.posts(ANN) == 0
    assert stage.get(Lead, lead_id).state == "scheduled"


def test_no_worker_posts_under_the_brake_even_while_redis_is_dead(stage: Stage, cli: CliRunner, tmp_path: Path) -> None:
    """R31: two workers dial steadily; the brake is pulled with Redis gone, and holds when it is back."""
    numbers = [f"+1212555{1300 + index}" for index in range(24)]
    stage.settings = stage.settings.model_copy(update={"twilio_calls_per_second": 4})
    apply_campaign(stage.database, CAMPAIGN.replace("after_minutes: [30, 120]", "after_minutes: []"))
    for number in numbers:
        stage.twilio.script(number, answer="busy")
    leads = {stage.lead(number): number for number in numbers}
    port = free_port()
    workers = Workers(stage, f"redis://127.0.0.1:{port}/0", tmp_path)
    valkey = contextmanager(_run_valkey)
    sender = celery_app(workers.environment["REDIS_URL"])

    def hint() -> None:
        with stage.database.transaction() as session:
            session.execute(sa.update(Lead).where(col(Lead.state) == "scheduled").values(due_at=clock.now()))
        for lead_id in leads:
            CelerySender(sender)(Job.DIAL, lead_id)

    def posts() -> int:
        return sum(stage.twilio.posts(number) for number in numbers)

    def in_hand() -> list[Attempt]:
        return [attempt for attempt in stage.all(Attempt) if attempt.state == "placing"]

    def waits() -> list[Lead]:
        return [lead for lead in stage.all(Lead) if lead.state == "scheduled"]

    try:
        with valkey(port):
            for _ in range(2):
                workers.worker()
            workers.beat()
            wait_until(lambda: posts() >= 4, "the workers dial", 60)
        assert "stopped" in cli.invoke(app, ["halt", "--reason", "Redis is gone as well"]).output
        wait_until(lambda: not in_hand(), "whoever had a call in hand has placed it or let it go")
        placed = posts()
        with valkey(port):
            hint()
            wait_until(lambda: {lead.reason for lead in waits()} == {"halted"}, "every lead was looked at again", 60)
            assert (posts(), len(waits())) == (placed, 24 - placed)
            assert cli.invoke(app, ["resume"]).exit_code == 0
            hint()
            wait_until(lambda: not waits() and not in_hand(), "all are dialled once they may be", 60)
        assert [stage.twilio.posts(number) for number in numbers] == [1] * 24
    finally:
        workers.close()
        sender.close()


def test_a_persons_brake_takes_the_place_of_the_carriers(stage: Stage) -> None:
    with stage.database.transaction() as session:
        session.add(
            Halt(scope="account", reason="carrier_401", at=clock.now(), until=clock.now() + timedelta(minutes=1))
        )
    with stage.database.transaction() as session:
        brakes.stop(session, "account", "by hand", clock.now())
    [row] = stage.all(Halt)
    assert (row.reason, row.until) == ("by hand", None)


@pytest.mark.parametrize("scope", ["", "everything", "campaign:", "caller:2125550100", "country:usa", "account "])
def test_a_scope_that_is_none_is_refused(stage: Stage, scope: str) -> None:
    with pytest.raises(Permanent), stage.database.transaction() as session:
        brakes.stop(session, scope, "x", clock.now())


def test_letting_go_of_nothing_says_so(cli: CliRunner) -> None:
    answer = cli.invoke(app, ["resume", "campaign:solar-us"])
    assert isinstance(answer.exception, Permanent)
