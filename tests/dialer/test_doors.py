"""The rest of the carrier's doors: fallback, end of the document, transfer, recordings; and what the sweep mends."""

from datetime import timedelta

import pytest

from campaign import clock
from campaign.errors import Permanent, Refused
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead, OutboxEntry
from dialer import callbacks, recording, sweep
from dialer.carrier import CarrierCall
from dialer.reconcile import is_candidate
from tests.dialer.stage import ACCOUNT, Stage, Talk

ANN = "+12125550141"


def answer(stage: Stage, door: object, attempt_id: str, **params: str) -> str:
    with stage.database.transaction() as session:
        form = {"AccountSid": ACCOUNT, **params}
        return str(door(session, attempt_id, form, stage.settings, clock.now()))  # type: ignore[operator]


def ringing(stage: Stage, *, ring_s: float = 20, **script: object) -> tuple[str, str]:
    stage.twilio.script(ANN, answer="human", ring_s=ring_s, **script)
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    return attempt_id, str(stage.get(Attempt, attempt_id).call_sid)


def recorded_until_the_end(stage: Stage, sid: str) -> None:
    """Half a second of talk goes by, then the call ends."""

    def frames() -> int:
        return sum(one["frames_sent"] for one in stage.twilio.calls(ANN)[-1]["streams"])

    begun = frames()
    stage.until(lambda: frames() >= begun + 25, "half a second is recorded")
    stage.carrier.end(sid)


def swept(stage: Stage, **later: float) -> list[tuple[Job, str]]:
    sent: list[tuple[Job, str]] = []
    now = clock.now() + timedelta(**later)
    sweep.sweep(
        stage.database, stage.settings, lambda job, entity: sent.append((job, entity)), sweep.Recently(), [], now
    )
    return sent


def test_r2_the_document_carries_the_token_as_a_parameter_and_no_query(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    twiml = answer(stage, callbacks.voice, attempt_id, CallSid=sid, CallStatus="in-progress")
    assert f'url="{stage.settings.media_base}/media/{attempt_id}"' in twiml
    assert f'action="{stage.settings.public_base}/twilio/{attempt_id}/connect-end"' in twiml
    assert '<Parameter name="token" value="' in twiml
    assert "?" not in twiml.removeprefix('<?xml version="1.0" encoding="UTF-8"?>')
    assert ANN not in twiml
    token = twiml.split('name="token" value="')[1].split('"')[0]
    assert token not in str(stage.get(Attempt, attempt_id)), "only its digest is kept"


def test_a_fallback_before_any_conversation_tries_once_more_and_then_apologises(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    first = answer(stage, callbacks.fallback, attempt_id, CallSid=sid, ErrorCode="11200")
    again = answer(stage, callbacks.fallback, attempt_id, CallSid=sid, ErrorCode="11200")
    assert "<Stream" in first
    assert "<Say" in again
    assert stage.get(Attempt, attempt_id).error_code == 11200


def test_the_end_of_the_document_hangs_up_and_apologises_when_the_line_broke(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    assert "<Say" in answer(stage, callbacks.connect_end, attempt_id, CallSid=sid)
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, attempt_id)
        session.add(
            Call(
                attempt_id=attempt_id,
                lead_id=attempt.lead_id,
                campaign="solar-us",
                playbook="solar-us",
                playbook_sha256="0",
                ended_at=clock.now(),
            )
        )
    assert "<Say" not in answer(stage, callbacks.connect_end, attempt_id, CallSid=sid)


def test_a_person_is_kept_on_the_line_while_no_media_process_answers_and_then_apologised_to(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    first = answer(stage, callbacks.voice, attempt_id, CallSid=sid, CallStatus="in-progress")
    tries = [answer(stage, callbacks.connect_end, attempt_id, CallSid=sid, CallStatus="in-progress") for _ in range(5)]
    assert ["<Stream" in twiml for twiml in tries] == [True, True, True, True, False]
    assert all("<Pause" in twiml for twiml in tries[:4])
    assert callbacks.documents.APOLOGY["en"] in tries[4]
    tokens = {twiml.split('name="token" value="')[1].split('"')[0] for twiml in [first, *tries[:4]]}
    assert len(tokens) == 5, "a token is good for one try"


def test_who_has_hung_up_or_had_a_conversation_is_not_connected_again(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    answer(stage, callbacks.voice, attempt_id, CallSid=sid, CallStatus="in-progress")
    assert "<Stream" not in answer(stage, callbacks.connect_end, attempt_id, CallSid=sid, CallStatus="completed")
    with stage.database.transaction() as session:
        session.get_one(Attempt, attempt_id).token_used_at = clock.now()
    assert "<Stream" not in answer(stage, callbacks.connect_end, attempt_id, CallSid=sid, CallStatus="in-progress")


def test_unknown_attempts_and_other_accounts(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    with pytest.raises(Permanent) as unknown:
        answer(stage, callbacks.voice, "att_none", CallSid=sid)
    assert unknown.value.code == "unknown_attempt"
    with pytest.raises(Refused) as other:
        answer(stage, callbacks.voice, attempt_id, CallSid=sid, AccountSid="AC9")
    assert other.value.code == "wrong_account"


def test_r78_r79_r80_a_recording_asked_for_too_early_starts_a_little_later(stage: Stage) -> None:
    """R78, R79, R80."""
    stage.talk = Talk(hold=True)
    stage.twilio.faults(recording_not_eligible_ms=500)
    attempt_id, sid = ringing(stage, ring_s=0.1)
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is let in")
    door = f"{stage.settings.public_base}/twilio/{attempt_id}/recording"
    recording_sid = stage.carrier.start_recording(sid, door)
    assert recording_sid
    recorded_until_the_end(stage, sid)
    attempt: Attempt = stage.until(
        lambda: (a := stage.get(Attempt, attempt_id)).recording_status == "completed" and a, "the recording is there"
    )
    assert attempt.recording_sid == recording_sid
    stage.post(attempt_id, "recording", CallSid=sid, RecordingSid=recording_sid, RecordingStatus="completed")
    stage.post(attempt_id, "recording", CallSid=sid, RecordingSid="REother", RecordingStatus="absent")
    assert stage.get(Attempt, attempt_id).recording_sid == recording_sid
    assert stage.carrier.start_recording(sid, door) is None, "the call is over: nothing to record, no error"


def test_r80_a_recording_whose_callback_was_lost_is_looked_up(stage: Stage) -> None:
    """R80."""
    stage.talk = Talk(hold=True)
    attempt_id, sid = ringing(stage, ring_s=0.1)
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is let in")
    found = stage.carrier.start_recording(sid, "http://127.0.0.1:9/nobody")
    assert found
    stage.post(attempt_id, "recording", CallSid=sid, RecordingSid=found, RecordingStatus="in-progress")
    recorded_until_the_end(stage, sid)
    stage.until(lambda: stage.get(Attempt, attempt_id).ended_at, "the call is over")
    assert (Job.RECORDING, attempt_id) in swept(stage, minutes=2)

    def looked_up() -> bool:
        recording.look_up(stage.database, stage.carrier, attempt_id, clock.now())
        return bool(stage.get(Attempt, attempt_id).recording_status == "completed")

    stage.until(looked_up, "the recording is known")


def test_the_sweep_closes_a_conversation_whose_media_process_died(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    now = clock.now()
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.token_used_at = now
        session.add(
            Call(
                attempt_id=attempt_id,
                lead_id=attempt.lead_id,
                campaign="solar-us",
                playbook="solar-us",
                playbook_sha256="0",
                started_at=now,
                reached="human",
            )
        )
    stage.post(attempt_id, "status", CallSid=sid, CallStatus="completed", SequenceNumber="3", CallDuration="20")
    stage.work()
    assert stage.get(Attempt, attempt_id).settled_at is None, "the conversation may still be written down"
    assert (Job.WRAP_UP, attempt_id) in swept(stage, seconds=25)
    call: Call = stage.get(Call, attempt_id)
    assert call.ended_by == "system"
    with stage.database.transaction() as session:
        session.get_one(Call, attempt_id).summary_by = "ledger"
    assert stage.settle(attempt_id)
    lead: Lead = stage.get(Lead, stage.get(Attempt, attempt_id).lead_id)
    assert (lead.state, lead.reason) == ("scheduled", "retry_dropped"), "we broke it: we ring again"


def test_the_sweep_asks_about_a_line_left_open_after_the_conversation(stage: Stage) -> None:
    attempt_id, _ = ringing(stage)
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.state = "in_progress"
        session.add(
            Call(
                attempt_id=attempt_id,
                lead_id=attempt.lead_id,
                campaign="solar-us",
                playbook="solar-us",
                playbook_sha256="0",
                ended_at=clock.now(),
            )
        )
    assert (Job.RECONCILE, attempt_id) not in swept(stage)
    assert (Job.RECONCILE, attempt_id) in swept(stage, seconds=12)


def test_a_promised_callback_is_scheduled_first_in_line(stage: Stage) -> None:
    promised = clock.now() + timedelta(hours=2)
    stage.talk = Talk(wanted="callback", callback_at=promised)
    stage.twilio.script(ANN, answer="human")
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    stage.settled(lead_id)
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.priority, lead.outcome) == ("scheduled", 0, "callback")
    assert lead.due_at == promised
    assert stage.all(OutboxEntry)


def test_the_sweep_names_a_row_once_for_a_while_and_promised_callbacks_first(stage: Stage) -> None:
    earlier = clock.now() - timedelta(minutes=1)
    leads = [stage.lead(f"+1212555020{n}", priority=n, due_at=earlier) for n in (2, 0, 1)]
    recently, sent = sweep.Recently(), []

    def once() -> int:
        return sweep.sweep(
            stage.database, stage.settings, lambda job, entity: sent.append(entity), recently, [], clock.now()
        )

    assert (once(), once()) == (3, 0)
    assert sent == [leads[1], leads[2], leads[0]]


def test_section_14_a_call_between_the_same_numbers_at_another_time_is_not_ours(stage: Stage) -> None:
    attempt_id, _ = ringing(stage)
    attempt: Attempt = stage.get(Attempt, attempt_id)

    def created(at: object) -> bool:
        return is_candidate(CarrierCall("CA1", "queued", at, None, None, None), attempt)  # type: ignore[arg-type]

    for begin in (attempt.intent_at, attempt.intent_real_at):
        assert created(begin - timedelta(seconds=4))
        assert created(begin + timedelta(seconds=30))
        assert not created(begin - timedelta(seconds=6))
        assert not created(begin + timedelta(minutes=3))
    assert created(None)
