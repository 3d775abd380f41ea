"""Recordings at the carrier: begun once, paused, and gone for good when consent is taken back, against the sandbox Twilio."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from campaign import clock
from campaign.errors import Retryable
from campaign.jobs import Job
from campaign.records import Attempt, CallEvent
from dialer import recording, sweep
from tests.dialer.stage import Stage, Talk

ANN = "+12125550141"
NOBODY = "http://127.0.0.1:9/nobody"


def talking(stage: Stage) -> str:
    """A call whose conversation is going on."""
    stage.talk = Talk(hold=True)
    stage.twilio.script(ANN, answer="human", ring_s=0.1, steps=[{"at_ms": 20_000, "hang_up": True}])
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is let in")
    return attempt_id


def begin(stage: Stage, attempt_id: str, callback: str | None = None) -> Attempt:
    door = callback or f"{stage.settings.public_base}/twilio/{attempt_id}/recording"
    recording.start(stage.database, stage.carrier, attempt_id, door, clock.now())
    return stage.get(Attempt, attempt_id)


def kept(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.twilio.calls(ANN)[0]["recordings"] if one["status"] != "deleted"]


def words(stage: Stage, attempt_id: str) -> list[str]:
    return [
        event.word for event in stage.all(CallEvent, CallEvent.attempt_id == attempt_id) if event.kind == "recording"
    ]


def test_r79_a_recording_is_begun_once_and_its_sid_kept_before_any_callback(stage: Stage) -> None:
    """R79."""
    attempt_id = talking(stage)
    first = begin(stage, attempt_id, NOBODY)
    assert first.recording_sid
    assert begin(stage, attempt_id, NOBODY).recording_sid == first.recording_sid
    assert len(kept(stage)) == 1


def test_r78_a_recording_that_cannot_start_leaves_an_entry(stage: Stage) -> None:
    """R78: tried again after 0.3, 0.6 and 0.9 s."""
    stage.twilio.faults(recording_not_eligible_ms=60_000)
    attempt_id = talking(stage)
    assert begin(stage, attempt_id).recording_sid is None
    assert words(stage, attempt_id) == ["not_started"]


def test_a_pause_is_silence_and_a_pause_of_nothing_is_no_error(stage: Stage) -> None:
    attempt_id = talking(stage)
    call_sid = stage.get(Attempt, attempt_id).call_sid
    stage.carrier.pause_recording(call_sid)
    begin(stage, attempt_id)
    stage.carrier.pause_recording(call_sid)
    assert [one["status"] for one in kept(stage)] == ["paused"]
    stage.carrier.resume_recording(call_sid)
    assert [one["status"] for one in kept(stage)] == ["in-progress"]


def test_r82_consent_taken_back_deletes_and_no_late_callback_brings_it_back(stage: Stage) -> None:
    """R82."""
    stage.twilio.faults(recording_callback_late_s=0.5)
    attempt_id = talking(stage)
    begun = begin(stage, attempt_id)
    recording.discard(stage.database, stage.carrier, attempt_id, clock.now())
    assert kept(stage) == []
    address = f"{stage.settings.twilio_api_url}/2010-04-01/Accounts/{stage.settings.twilio_account_sid}/Recordings"
    found = httpx.get(
        f"{address}/{begun.recording_sid}.wav",
        auth=(stage.settings.twilio_account_sid, stage.settings.twilio_auth_token),
    )
    assert found.status_code == 404
    for word in ("in-progress", "completed"):
        stage.post(
            attempt_id,
            "recording",
            CallSid=begun.call_sid or "",
            RecordingSid=begun.recording_sid or "",
            RecordingStatus=word,
        )
    assert stage.get(Attempt, attempt_id).recording_status == "deleted"
    assert {"withdrawn", "deleted"} <= set(words(stage, attempt_id))
    assert begin(stage, attempt_id).recording_status == "deleted", "never begun again"
    assert kept(stage) == []


def test_r82_what_the_carrier_would_not_delete_is_deleted_later(stage: Stage) -> None:
    """R82: written down first; a carrier that is down, or a process that dies, only delays it."""
    attempt_id = talking(stage)
    begin(stage, attempt_id)

    class Down:
        def start_recording(self, call_sid: str, status_callback: str) -> str | None:
            raise AssertionError

        def discard_recording(self, call_sid: str, recording_sid: str | None) -> None:
            raise Retryable("down", code="carrier_down")

    with pytest.raises(Retryable):
        recording.discard(stage.database, Down(), attempt_id, clock.now())
    assert stage.get(Attempt, attempt_id).recording_status == "withdrawn"
    sent: list[tuple[Job, str]] = []
    sweep.sweep(
        stage.database,
        stage.settings,
        lambda *job: sent.append(job),
        sweep.Recently(),
        [],
        clock.now() + timedelta(seconds=1),
    )
    assert (Job.RECORDING, attempt_id) in sent
    recording.look_up(stage.database, stage.carrier, attempt_id, clock.now())
    assert kept(stage) == []
    assert stage.get(Attempt, attempt_id).recording_status == "deleted"
