"""The sweep as a watchdog: a line whose conversation died is ended, whoever forgot it, and everything it held is freed."""

import json
from datetime import timedelta

import pytest
import redis

from campaign import clock, live
from campaign.database import Database
from campaign.jobs import Job
from campaign.records import Attempt, Call
from dialer import brakes, handover, machine, pacing, sweep
from dialer.states import State
from tests.dialer.stage import Stage, Talk

ANN = "+12125550141"


def on_the_line(stage: Stage) -> str:
    """A call that is answered and stays up; the media process holds it."""
    stage.talk = Talk(hold=True)
    stage.twilio.script(ANN, answer="human")
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    stage.until(lambda: stage.all(Call), "they talk")
    return attempt_id


def change(database: Database, attempt_id: str, **changes: object) -> None:
    with database.transaction() as session:
        attempt, call = session.get_one(Attempt, attempt_id), session.get(Call, attempt_id)
        for name, value in changes.items():
            setattr(attempt if hasattr(attempt, name) and name != "ended_at" else call, name, value)


def swept(stage: Stage) -> None:
    sweep.sweep(stage.database, stage.settings, lambda *job: stage.jobs.append(job), sweep.Recently(), [], clock.now())
    stage.work()


def is_up(stage: Stage) -> bool:
    return bool(stage.twilio.calls(ANN)[0]["alive"])


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": timedelta(seconds=31)},
        {"answered_at": timedelta(seconds=900 + 31)},
    ],
)
def test_r73_a_line_without_a_conversation_is_ended(stage: Stage, changes: dict[str, timedelta]) -> None:
    """R73, twilio.md section 12: the time limit is the final stop, and an ended conversation's line does not stay up."""
    attempt_id = on_the_line(stage)
    swept(stage)
    assert is_up(stage), "a call that goes on is left alone"
    change(stage.database, attempt_id, **{name: clock.now() - ago for name, ago in changes.items()})
    swept(stage)
    stage.until(lambda: not is_up(stage), "the line is down")


def test_a_call_that_no_media_process_ever_took_is_ended(stage: Stage) -> None:
    attempt_id = on_the_line(stage)
    with stage.database.transaction() as session:
        session.delete(session.get_one(Call, attempt_id))
    change(stage.database, attempt_id, token_used_at=None, answered_at=clock.now() - timedelta(seconds=46))
    swept(stage)
    stage.until(lambda: not is_up(stage), "the line is down")


def test_a_call_with_a_colleague_is_theirs(stage: Stage) -> None:
    attempt_id = on_the_line(stage)
    with stage.database.transaction() as session:
        handover.begin(session, session.get_one(Attempt, attempt_id), "Sal", clock.now())
    change(stage.database, attempt_id, ended_at=clock.now() - timedelta(minutes=5))
    swept(stage)
    assert is_up(stage)
    stage.carrier.end(stage.get(Attempt, attempt_id).call_sid)


def test_r28_r37_a_call_whose_last_word_never_came_frees_its_line(stage: Stage) -> None:
    """R28, R37: the truth is fetched, and the slot is free, once."""
    attempt_id = on_the_line(stage)
    stage.twilio.faults(callbacks_drop=["completed"])
    call_sid = stage.get(Attempt, attempt_id).call_sid
    stage.carrier.end(call_sid)
    stage.until(lambda: stage.carrier.fetch(call_sid).status == "completed", "the carrier knows")
    with stage.database.reading() as session:
        assert session.exec(pacing._lines(None)).one() == 1
    change(stage.database, attempt_id, reconcile_at=clock.now() - timedelta(seconds=1))
    swept(stage)
    stage.until(lambda: stage.get(Attempt, attempt_id).state == State.COMPLETED, "it is over here too")
    with stage.database.reading() as session:
        assert session.exec(pacing._lines(None)).one() == 0


@pytest.mark.parametrize(
    ("waited", "to_hour"),
    [(timedelta(minutes=11), 0), (timedelta(minutes=2), 11)],
    ids=["ten minutes later", "after closing time"],
)
def test_r30_a_call_that_waits_in_the_carriers_queue_is_taken_back_when_its_time_is_over(
    stage: Stage, waited: timedelta, to_hour: int
) -> None:
    """R30, twilio.md section 12: what the carrier has queued may ring hours later, and must not."""
    stage.twilio.faults(dial_lag_ms=60_000)
    stage.twilio.script(ANN, answer="human")
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    now = clock.now() + timedelta(hours=to_hour)
    change(stage.database, attempt_id, intent_at=now - waited)
    stage.jobs.clear()
    sweep.sweep(stage.database, stage.settings, lambda *job: stage.jobs.append(job), sweep.Recently(), [], now)
    assert (Job.MACHINE, attempt_id) in stage.jobs
    machine.act(stage.database, stage.carrier, attempt_id, now)
    stage.until(lambda: stage.twilio.calls(ANN)[0]["status"] == "canceled", "the carrier has taken it back")


@pytest.mark.parametrize(
    ("waited", "stopped", "asked"),
    [(0, False, False), (30, False, True), (0, True, True)],
    ids=["at once", "late", "after a stop"],
)
def test_r30_a_call_that_begins_is_asked_about_again_when_something_may_have_changed(
    stage: Stage, waited: int, stopped: bool, asked: bool
) -> None:
    stage.twilio.faults(dial_lag_ms=60_000)
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    change(stage.database, attempt_id, intent_at=clock.now() - timedelta(seconds=waited))
    if stopped:
        with stage.database.transaction() as session:
            brakes.stop(session, "account", "a test", clock.now())
    stage.post(
        attempt_id,
        "status",
        CallSid=stage.get(Attempt, attempt_id).call_sid,
        CallStatus="initiated",
        SequenceNumber="0",
    )
    assert stage.get(Attempt, attempt_id).state == State.INITIATED
    assert ((Job.MACHINE, attempt_id) in stage.jobs) is asked


def test_nobody_is_rung_while_no_media_process_has_room(stage: Stage, valkey_url: str) -> None:
    """twilio.md section 12, design 2: free model sessions bound the calls; a worker that is told of none keeps its hands off."""
    lead_id = stage.lead(ANN, due_at=clock.now() - timedelta(seconds=5))
    sent: list[tuple[Job, str]] = []
    for full in (True, False):
        with redis.Redis.from_url(valkey_url) as client:
            client.hset(
                live.MEDIA, "m1", json.dumps({"at": clock.real_now().timestamp(), "full": "busy" if full else ""})
            )
            assert live.media_is_full(client, clock.real_now().timestamp()) is full
        sweep.sweep(
            stage.database, stage.settings, lambda *job: sent.append(job), sweep.Recently(), [], clock.now(), full=full
        )
    assert sent == [(Job.DIAL, lead_id)]
