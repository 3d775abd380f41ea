"""From a due lead to its outcome against the sandbox Twilio, on SQLite and PostgreSQL, nothing mocked."""

from datetime import timedelta

import pytest

from campaign import clock
from campaign.errors import Refused
from campaign.jobs import Job
from campaign.records import Attempt, CallEvent, Decision, Lead, OutboxEntry, Outcome, Suppression
from campaign.suppression import suppress
from dialer import callbacks, machine, sweep
from dialer.carrier import Carrier
from tests.conftest import wait_until
from tests.dialer.stage import ACCOUNT, Stage, Talk

ANN = "+12125550141"


def test_a_due_lead_is_rung_talked_to_and_settled(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id)
    attempt = stage.settled(lead_id)
    assert attempt.id == attempt_id
    assert (attempt.state, attempt.disposition) == ("completed", "answered")
    assert attempt.call_sid == stage.twilio.calls(ANN)[0]["sid"]
    assert stage.twilio.posts(ANN) == 1
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.outcome, lead.attempts) == ("qualified", "qualified", 1)
    [outcome] = stage.all(Outcome)
    assert (outcome.reached, outcome.wanted, outcome.next) == ("human", "qualified", "qualified")
    [owed] = stage.all(OutboxEntry)
    assert (owed.effect, owed.entity_id) == ("crm.call", attempt_id)
    [decision] = stage.all(Decision)
    assert (decision.verdict, decision.id) == ("allow", attempt.decision_id)
    assert {row["rule"] for row in decision.trace} >= {"number", "consent", "suppression", "hours", "attempts", "gap"}
    assert all(row["passed"] for row in decision.trace)
    assert ANN not in str(decision.trace), "a trace holds no personal data"


def test_the_last_message_of_an_unanswered_call_settles_it_without_a_job(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    wait_until(lambda: stage.get(Attempt, attempt_id).settled_at, "it is settled")
    assert stage.get(Lead, lead_id).state == "scheduled"
    assert not {Job.SETTLE, Job.MACHINE} & {job for job, _ in stage.jobs}


def test_r2_r14_r15_r16_every_create_carries_the_same_careful_parameters(stage: Stage) -> None:
    attempt_id = stage.dial(stage.lead(ANN))
    order = stage.twilio.calls(ANN)[0]["order"]
    base = f"{stage.settings.public_base}/twilio/{attempt_id}"
    assert {key: value for key, value in order.items() if "Method" not in key} == {
        "To": ANN,
        "From": stage.get(Attempt, attempt_id).from_number,
        "Url": f"{base}/voice",
        "FallbackUrl": f"{base}/fallback",
        "StatusCallback": f"{base}/status",
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": "15",
        "TimeLimit": "900",
        "MachineDetection": "DetectMessageEnd",
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": f"{base}/amd",
    }


def test_busy_is_retried_by_the_campaigns_policy_from_the_same_number(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    first = stage.settled(lead_id)
    assert (first.state, first.disposition, first.sip_code) == ("busy", "busy", 486)
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.priority, lead.reason) == ("scheduled", 2, "retry_busy")
    assert lead.due_at
    assert first.settled_at
    assert (lead.due_at - first.settled_at).total_seconds() == pytest.approx(1800, abs=1)
    assert stage.dial(lead_id) is None, "not due yet"


@pytest.mark.parametrize(
    ("answer", "disposition", "reached"),
    [("no_answer", "no_answer", "nobody"), ("failed", "unreachable_number", "failed")],
)
def test_r43_other_endings_map_by_the_table(stage: Stage, answer: str, disposition: str, reached: str) -> None:
    stage.twilio.script(ANN, answer=answer)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    assert stage.settled(lead_id).disposition == disposition
    [outcome] = stage.all(Outcome)
    assert (outcome.reached, outcome.wanted, outcome.next) == (reached, None, "retry")


def test_r56_r57_a_voicemail_is_hung_up_on_and_is_never_a_refusal(stage: Stage) -> None:
    """R56, R57: by the worker, when whoever holds the conversation has not acted."""
    stage.talk = Talk(reached="unknown", wanted=None, ended_by="caller", hold=True)
    stage.twilio.script(ANN, answer="voicemail")
    stage.twilio.faults(amd_verdict="machine_end_beep", amd_at_ms=300, amd_twice=True)
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.until(lambda: stage.get(Attempt, attempt_id).answered_by, "the verdict is there")
    stage.work()
    assert stage.twilio.calls(ANN)[0]["alive"], "whoever holds the conversation acts first"
    later = clock.now() + machine.HOLDER_FIRST + timedelta(seconds=1)
    sent: list[tuple[Job, str]] = []
    sweep.sweep(stage.database, stage.settings, lambda *job: sent.append(job), sweep.Recently(), [], later)
    assert (Job.MACHINE, attempt_id) in sent
    machine.act(stage.database, stage.carrier, attempt_id, later)
    attempt = stage.settled(lead_id)
    assert (attempt.answered_by, attempt.disposition) == ("machine_end_beep", "voicemail")
    [outcome] = stage.all(Outcome)
    assert (outcome.reached, outcome.wanted) == ("voicemail", None)
    assert stage.get(Lead, lead_id).state == "scheduled"


def test_r58_an_unknown_verdict_never_hangs_up(stage: Stage) -> None:
    """R58."""
    stage.talk = Talk(hold=True)
    stage.twilio.script(ANN, answer="human")
    stage.twilio.faults(amd_verdict="unknown", amd_at_ms=100)
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.until(lambda: (a := stage.get(Attempt, attempt_id)).answered_by and a.token_used_at, "the verdict is in")
    attempt = stage.get(Attempt, attempt_id)
    assert attempt.ended_at is None
    stage.carrier.end(attempt.call_sid)
    attempt = stage.settled(lead_id)
    assert (attempt.answered_by, attempt.disposition) == ("unknown", "answered")


def test_r55_a_verdict_after_the_end_is_stored_and_does_nothing(stage: Stage) -> None:
    """R55."""
    stage.twilio.script(ANN, answer="human")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id)
    stage.settled(lead_id)
    assert attempt_id
    stage.all(CallEvent)
    sid = stage.attempts(lead_id)[0].call_sid or ""
    assert stage.post(attempt_id, "amd", CallSid=sid, AnsweredBy="machine_start") == 204
    assert stage.get(Attempt, attempt_id).answered_by == "machine_start"
    assert {job for job, _ in stage.jobs} <= {Job.DELIVER}, (
        "the ending is owed to the CRM; the verdict asks for nothing"
    )


def test_a_stop_while_it_rings_ends_the_call_and_the_lead(stage: Stage) -> None:
    """Truth 4: stop means stop, everywhere and at once."""
    stage.twilio.script(ANN, answer="human", ring_s=1.0)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    with stage.database.transaction() as session:
        suppress(session, ANN, reason="opted_out", channel="sms", now=clock.now())
    attempt = stage.settled(lead_id)
    assert attempt.token_used_at is None, "nobody spoke to them"
    assert (stage.get(Lead, lead_id).state, len(stage.all(Suppression))) == ("opted_out", 1)


def test_answered_without_a_stream_is_our_fault_and_not_redialled_today(stage: Stage) -> None:
    """R42, table 13.2: `answered_no_bridge`."""
    stage.settings.__dict__["media_public_url"] = "ws://127.0.0.1:9"
    stage.twilio.script(ANN, answer="human", steps=[{"at_ms": 1500, "hang_up": True}])
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    attempt = stage.settled(lead_id)
    lead: Lead = stage.get(Lead, lead_id)
    assert attempt.disposition in ("answered_no_bridge", "answered_zero")
    assert lead.state == "scheduled"
    assert lead.due_at
    assert attempt.settled_at
    assert (lead.due_at - attempt.settled_at).total_seconds() >= 7200


def test_r52_r53_r54_one_socket_one_token_one_call(stage: Stage) -> None:
    stage.talk = Talk(hold=True)
    stage.twilio.script(ANN, answer="human")
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is let in")
    sid = stage.get(Attempt, attempt_id).call_sid

    def knock(call_sid: str, account: str, token: str) -> str:
        with pytest.raises(Refused) as refused, stage.database.transaction() as session:
            callbacks.open_stream(
                session,
                attempt_id,
                call_sid=call_sid,
                account_sid=account,
                token=token,
                settings=stage.settings,
                now=clock.now(),
            )
        return refused.value.code

    assert knock(sid, ACCOUNT, "guessed") == "wrong_call"
    assert knock(sid, "AC99", "guessed") == "wrong_account"
    assert stage.post(attempt_id, "voice", CallSid=sid, CallStatus="in-progress") == 200
    assert "<Stream" not in callbacks_answer(stage, attempt_id, sid)
    stage.carrier.end(sid)


def callbacks_answer(stage: Stage, attempt_id: str, sid: str) -> str:
    attempt: Attempt = stage.get(Attempt, attempt_id)
    params = {"AccountSid": ACCOUNT, "CallSid": sid, "To": attempt.to_number, "From": attempt.from_number}
    with stage.database.transaction() as session:
        return callbacks.voice(session, attempt_id, params, stage.settings, clock.now())


def test_r32_the_region_of_the_environment_moves_no_request(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """R32: `TWILIO_EDGE` and `TWILIO_REGION` would rewrite the SDK's host; ours is the configured root."""
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    carrier = Carrier(stage.settings)
    assert carrier.fetch("CA" + "0" * 32) is None
    carrier.close()
