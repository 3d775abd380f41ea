"""The worker as it runs in production: Celery on a real broker, killed with -9 at random, jobs sent many times over."""

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis

from campaign import clock
from campaign.jobs import CROWD, CelerySender, Job, celery_app, is_crowded
from campaign.records import Attempt, Lead
from tests.conftest import wait_until
from tests.dialer import stage as stages
from tests.dialer.stage import Stage
from tests.dialer.workers import Workers

ONCE = stages.CAMPAIGN.replace(
    "retries: {busy: {after_minutes: [30, 120], jitter: 0}, gap_minutes: 15}", "retries: {busy: {after_minutes: []}}"
)


@pytest.fixture
def workers(stage: Stage, valkey_url: str, tmp_path: Path) -> Iterator[Workers]:
    sender = celery_app(valkey_url)
    stage.database.send = CelerySender(sender)
    stages.apply_campaign(stage.database, ONCE)
    workers = Workers(stage, valkey_url, tmp_path)
    yield workers
    workers.close()
    sender.close()


def numbers(count: int) -> list[str]:
    return [f"+1212555{1200 + index}" for index in range(count)]


def ended(stage: Stage) -> list[Lead]:
    return [lead for lead in stage.all(Lead) if lead.outcome is not None]


def test_a_fresh_lead_is_rung_by_a_warm_worker_and_beat_finds_what_was_never_hinted(
    stage: Stage, workers: Workers
) -> None:
    """Reliability rules 2, 16: the hint is only speed; FLUSHALL with leads queued loses none of them."""
    fresh, *lost = numbers(4)
    for number in (fresh, *lost):
        stage.twilio.script(number, answer="busy")
    for number in lost:
        CelerySender(celery_app(workers.environment["REDIS_URL"]))(Job.DIAL, stage.lead(number))
    redis.Redis.from_url(workers.environment["REDIS_URL"]).flushall()
    workers.worker()
    workers.beat()
    wait_until(workers.is_ready, "the worker is ready", 30)
    stage.database.send(Job.DIAL, stage.lead(fresh))  # type: ignore[misc]
    wait_until(lambda: len(ended(stage)) == 4, "every lead has ended", 30)
    assert {lead.outcome for lead in ended(stage)} == {"unreachable"}
    assert [stage.twilio.posts(number) for number in (fresh, *lost)] == [1, 1, 1, 1]


def test_a_queue_in_which_enough_leads_are_named_is_crowded(valkey_url: str) -> None:
    send = CelerySender(celery_app(valkey_url))
    with redis.Redis.from_url(valkey_url) as client:
        for number in range(CROWD):
            assert not is_crowded(client, Job.DIAL)
            send(Job.DIAL, f"lead_{number}")
        assert is_crowded(client, Job.DIAL)
        assert not is_crowded(client, Job.MACHINE)


def test_reliability_1_3_kill_9_at_random_points_loses_none_and_doubles_none(stage: Stage, workers: Workers) -> None:
    chance = random.Random(7)
    leads = {}
    for number in numbers(24):
        stage.twilio.script(number, answer="busy")
        leads[stage.lead(number)] = number
    workers.beat()
    killed_at = clock.real_now()

    def accounted() -> bool:
        if any(lead.state == "scheduled" for lead in stage.all(Lead)):  # first: whoever is not has an attempt by now
            return False
        return all(a.settled_at or is_missing(stage, a, killed_at) for a in stage.all(Attempt))

    for _ in range(3):
        process = workers.worker()
        wait_until(workers.is_ready, "the worker is ready", 30)
        for lead_id in leads:
            stage.database.send(Job.DIAL, lead_id)  # type: ignore[misc]
        enough = len(settled(stage)) + chance.randint(1, 5)
        wait_until(
            lambda enough=enough: len(settled(stage)) >= enough or accounted(), "some leads are done, or all can be", 30
        )
        process.kill()
        process.wait()
        killed_at = clock.real_now()
    workers.worker()
    wait_until(accounted, "every attempt is settled or has no call", 60)
    assert {
        number: len(stage.twilio.calls(number)) for number in leads.values() if stage.twilio.posts(number) > 1
    } == {}
    for attempt in stage.all(Attempt, Attempt.settled_at == None):  # noqa: E711
        assert is_missing(stage, attempt, killed_at)
        stage.reconcile(attempt.id, clock.now() + timedelta(seconds=200))
        stage.settle(attempt.id)
    tomorrow = [lead for lead in stage.all(Lead) if lead.state == "scheduled" and lead.reason == "unaccounted"]
    assert len(ended(stage)) + len(tomorrow) == 24
    assert len(tomorrow) <= 3 * 3, "no more than the kills can have caught between commit and POST"


def settled(stage: Stage) -> list[Attempt]:
    return [attempt for attempt in stage.all(Attempt) if attempt.settled_at]


def is_missing(stage: Stage, attempt: Attempt, killed_at: datetime) -> bool:
    """Caught between commit and POST by the last kill or one before: the carrier has no call, so nothing will ever be told."""
    return (
        attempt.call_sid is None
        and attempt.intent_real_at <= killed_at
        and attempt.state in ("placing", "unknown")
        and not stage.twilio.calls(attempt.to_number)
    )


def test_reliability_11_16_17_the_settings_that_were_measured(valkey_url: str) -> None:
    from dialer.claim import LEASE
    from dialer.rest import CONNECT_S, SILENCE_S

    conf = celery_app(valkey_url).conf
    assert (conf.task_acks_late, conf.worker_disable_prefetch, conf.broker_connection_max_retries) == (
        False,
        True,
        None,
    )
    assert conf.result_backend is None
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit
    assert conf.broker_transport_options["socket_timeout"]
    assert LEASE.total_seconds() > conf.task_time_limit > CONNECT_S + SILENCE_S
    source = "\n".join(path.read_text() for path in Path(stages.ROOT, "dialer").glob("*.py"))
    assert not re.search(r"countdown=|eta=|self\.retry\(|async def", source), "reliability rules 11 and 19"


def test_reliability_21_the_shipped_broker_is_new_enough_for_kombu(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as client:
        major, minor = str(client.info("server")["redis_version"]).split(".")[:2]
    assert (int(major), int(minor)) >= (6, 2)
