"""Faults of the carrier, the network and the order of messages: one call for each attempt, and every lead accounted for."""

import os
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from campaign import clock
from campaign.records import Attempt, CallEvent, Halt, Lead, Pace, Suppression
from dialer import dial as dialing
from dialer import sweep
from dialer.carrier import Carrier
from dialer.states import State
from tests.dialer.stage import ACCOUNT, Stage

ANN, BEN = "+12125550141", "+12125550142"


@pytest.mark.parametrize("fault", ["201_lost", "500_after_create"])
def test_r4_r5_a_lost_answer_is_one_call_adopted_not_repeated(stage: Stage, fault: str) -> None:
    """Reliability rule 4."""
    stage.twilio.script(ANN, answer="human")
    stage.twilio.fault(fault)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    attempt = stage.settled(lead_id)
    assert (stage.twilio.posts(ANN), len(stage.twilio.calls(ANN))) == (1, 1)
    assert attempt.call_sid == stage.twilio.calls(ANN)[0]["sid"]
    assert stage.get(Lead, lead_id).state == "qualified"


def test_r8_a_lost_call_without_any_callback_is_found_by_listing_though_still_queued(stage: Stage) -> None:
    stage.twilio.faults(**{"201_lost": 1, "callbacks_drop": ["initiated", "ringing", "answered"], "dial_lag_ms": 3000})
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    assert stage.get(Attempt, attempt_id).state == "unknown"
    stage.reconcile(attempt_id, clock.now() + timedelta(seconds=2))
    attempt: Attempt = stage.get(Attempt, attempt_id)
    assert (attempt.call_sid, attempt.state) == (stage.twilio.calls(ANN)[0]["sid"], "queued")


def test_r9_a_listing_that_lags_is_asked_again(stage: Stage) -> None:
    stage.twilio.faults(
        **{"201_lost": 1, "list_lag_s": 1.0, "callbacks_drop": ["initiated", "ringing", "answered", "completed"]}
    )
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.reconcile(attempt_id, clock.now() + timedelta(seconds=2))
    assert stage.get(Attempt, attempt_id).call_sid is None

    attempt: Attempt = stage.get(Attempt, attempt_id)
    stage.until(lambda: stage.carrier.find(attempt.to_number, attempt.from_number), "the call is listed")
    stage.reconcile(attempt_id, attempt.reconcile_at)
    assert stage.get(Attempt, attempt_id).call_sid == stage.twilio.calls(ANN)[0]["sid"]
    assert stage.twilio.posts(ANN) == 1


def test_r6_no_call_found_is_no_redial_before_tomorrow(stage: Stage) -> None:
    stage.twilio.fault("500_before_create")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    for seconds in (2, 5, 15, 30, 60):
        stage.reconcile(attempt_id, clock.now() + timedelta(seconds=seconds))
        assert stage.get(Attempt, attempt_id).state == "unknown"
    stage.reconcile(attempt_id, clock.now() + timedelta(seconds=121))
    assert stage.get(Attempt, attempt_id).state == "unknown_no_call"
    assert stage.get(Attempt, attempt_id).settled_at is not None
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.attempts, lead.reason) == ("scheduled", 1, "unaccounted")
    assert lead.due_at is not None
    assert lead.due_at.isoformat().startswith("2026-11-26T05:00:00"), "midnight in New York"
    assert stage.twilio.posts(ANN) == 1


def test_r6_a_late_webhook_still_adopts_a_call_given_up_on(stage: Stage) -> None:
    """Section 14.6."""
    stage.twilio.fault("500_before_create")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.reconcile(attempt_id, clock.now() + timedelta(seconds=121))
    assert stage.post(attempt_id, "status", CallSid="CAlate", CallStatus="ringing", SequenceNumber="1") == 204
    attempt: Attempt = stage.get(Attempt, attempt_id)
    lead: Lead = stage.get(Lead, lead_id)
    assert (attempt.call_sid, attempt.state, attempt.settled_at) == ("CAlate", "ringing", None)
    assert (lead.state, lead.due_at) == ("ringing", None)
    stage.post(attempt_id, "status", CallSid="CAlate", CallStatus="no-answer", SequenceNumber="2")
    assert stage.settled(lead_id).disposition == "no_answer"


def test_a_call_given_up_on_that_appears_beside_another_of_its_number_is_ended(stage: Stage) -> None:
    stage.twilio.fault("500_before_create")
    given_up = stage.dial(stage.lead(ANN)) or ""
    stage.reconcile(given_up, clock.now() + timedelta(seconds=121))
    stage.settle(given_up)
    with stage.database.transaction() as session:
        session.get_one(Attempt, given_up).intent_at = clock.now() - timedelta(hours=2)
    stage.twilio.script(ANN, answer="human", ring_s=20)
    other = stage.dial(stage.lead(ANN)) or ""
    stage.jobs.clear()
    late = stage.carrier._sdk.calls.create(to=ANN, from_="+12125550100", url="http://127.0.0.1:9/x")
    sid = str(late.sid)
    assert stage.post(given_up, "status", CallSid=sid, CallStatus="ringing", SequenceNumber="1") == 204
    assert "<Hangup" in stage.answer(given_up, "voice", CallSid=sid, CallStatus="in-progress")
    attempt: Attempt = stage.get(Attempt, given_up)
    assert attempt.settled_at is not None
    assert attempt.token_sha256 is None
    kept = stage.get(Attempt, other).call_sid
    stage.until(
        lambda: [call["sid"] for call in stage.twilio.calls(ANN) if call["alive"]] == [kept], "one call is left"
    )


@pytest.mark.parametrize("knobs", [{"callbacks_before_201": True}, {"delay_then_201": 0.7}])
def test_r7_callbacks_before_the_201_bind_the_call_once(stage: Stage, knobs: dict[str, object]) -> None:
    stage.twilio.script(ANN, answer="human")
    stage.twilio.faults(**knobs)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    attempt = stage.settled(lead_id)
    assert (attempt.state, stage.twilio.posts(ANN)) == ("completed", 1)
    assert not stage.all(CallEvent, CallEvent.kind == "double")


def test_r33_r34_r35_duplicated_and_reordered_callbacks_settle_once(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    stage.twilio.faults(callbacks_duplicate=2, callbacks_gap_ms=20, callbacks_reorder=True)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    assert stage.settled(lead_id).state == "busy"
    stage.until(lambda: sum(what == "status" for what, _ in stage.hooks) >= 9, "all nine deliveries")
    events = stage.all(CallEvent, CallEvent.kind == "status")
    assert sorted(event.word for event in events) == ["busy", "initiated", "ringing"]
    assert len({event.dedupe_key for event in events}) == 3


def test_r36_r41_only_the_last_callback_with_sequence_zero_and_blank_params(stage: Stage) -> None:
    stage.twilio.faults(callbacks_drop=["initiated", "ringing", "answered", "completed"])
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    sid = stage.get(Attempt, attempt_id).call_sid
    params = {
        "CallSid": sid,
        "CallStatus": "busy",
        "SequenceNumber": "0",
        "SipResponseCode": "",
        "ToZip": "",
        "New": "x",
    }
    assert stage.post(attempt_id, "status", **params) == 204
    attempt = stage.settled(lead_id)
    assert (attempt.disposition, attempt.sip_code) == ("busy", None)


def test_r34_a_second_different_ending_is_an_alarm_and_changes_nothing(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    attempt = stage.settled(lead_id)
    stage.post(attempt_id, "status", CallSid=attempt.call_sid or "", CallStatus="completed", SequenceNumber="8")
    stage.post(attempt_id, "status", CallSid=attempt.call_sid or "", CallStatus="ringing", SequenceNumber="9")
    assert stage.get(Attempt, attempt_id).state == "busy"


def test_r39_an_unknown_status_word_is_stored_and_harmless(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=5)
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    sid = stage.get(Attempt, attempt_id).call_sid
    assert stage.post(attempt_id, "status", CallSid=sid, CallStatus="transmogrified", SequenceNumber="77") == 204
    assert stage.all(CallEvent, CallEvent.word == "transmogrified")


def test_r40_duration_is_minutes_and_is_not_read(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=5)
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    sid = stage.get(Attempt, attempt_id).call_sid
    stage.post(
        attempt_id, "status", CallSid=sid, CallStatus="completed", SequenceNumber="3", CallDuration="49", Duration="1"
    )
    assert stage.get(Attempt, attempt_id).call_duration_s == 49


def test_r10_two_calls_for_one_attempt_are_an_alarm_and_the_newer_is_hung_up(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=3)
    stage.twilio.script(BEN, answer="human", ring_s=3)
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    attempt: Attempt = stage.get(Attempt, attempt_id)
    other = stage.carrier._sdk.calls.create(to=ANN, from_=attempt.from_number, url="http://127.0.0.1:9/x")
    stage.post(attempt_id, "status", CallSid=str(other.sid), CallStatus="ringing", SequenceNumber="1")
    stage.work()
    assert stage.get(Attempt, attempt_id).call_sid == attempt.call_sid
    ended = next(call for call in stage.twilio.calls(ANN) if call["sid"] == other.sid)
    assert ended["status"] in ("canceled", "completed")
    twiml = stage.post(attempt_id, "voice", CallSid=str(other.sid), CallStatus="in-progress")
    assert twiml == 200
    assert stage.get(Attempt, attempt_id).token_sha256 is None, "the stray gets no token"


def test_r11_eight_workers_claiming_one_lead_make_one_post(stage: Stage) -> None:
    """Reliability rule 3: a job published many times is one call."""
    stage.twilio.script(ANN, answer="busy", ring_s=1)
    lead_id = stage.lead(ANN)
    threads = [threading.Thread(target=stage.dial, args=(lead_id,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (stage.twilio.posts(ANN), len(stage.attempts(lead_id))) == (1, 1)


def test_two_leads_of_one_number_are_never_on_the_phone_together(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=2)
    leads = [stage.lead(ANN) for _ in range(4)]
    threads = [threading.Thread(target=stage.dial, args=(lead_id,)) for lead_id in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stage.twilio.posts(ANN) == 1
    waiting = [lead for lead in stage.all(Lead) if lead.state == "scheduled"]
    assert len(waiting) == 3
    assert all(lead.lease_until is None and lead.due_at > clock.now() for lead in waiting)


def test_a_form_sent_twice_is_one_conversation_and_a_later_one_is_a_new_wish(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human")
    first, twin = stage.lead(ANN), stage.lead(ANN)
    stage.dial(first)
    stage.settled(first)
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, stage.attempts(first)[0].id)
        attempt.intent_at = clock.now() - timedelta(hours=2)
    assert stage.dial(twin) is None
    lead: Lead = stage.get(Lead, twin)
    assert (lead.state, lead.reason, stage.twilio.posts(ANN)) == ("blocked", "already_answered", 1)
    assert stage.dial(stage.lead(ANN)) is not None, "they asked again after we had spoken"


def test_r12_a_hanging_carrier_is_left_after_its_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialer.rest.SILENCE_S", 0.4)
    stage.carrier = Carrier(stage.settings)
    stage.twilio.script(ANN, answer="busy", ring_s=2)
    stage.twilio.fault("delay_then_201", 1.5)
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    assert stage.get(Attempt, attempt_id).state in ("unknown", "initiated", "ringing")
    assert stage.settled(lead_id).disposition == "busy"
    assert (stage.twilio.posts(ANN), len(stage.twilio.calls(ANN))) == (1, 1)


def test_r18_a_throttled_create_is_sent_again_for_the_same_attempt(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    stage.twilio.fault("429_n", 2)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    assert stage.settled(lead_id).disposition == "busy"
    assert (len(stage.attempts(lead_id)), len(stage.twilio.calls(ANN))) == (1, 1)


def test_r18_five_times_throttled_is_back_in_line_and_uncounted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing, "FIRST_WAIT_S", 0.01)
    stage.twilio.fault("429_n", 9)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.attempts, len(stage.twilio.calls(ANN))) == ("scheduled", 0, 0)
    assert lead.due_at
    assert lead.due_at - clock.now() <= timedelta(seconds=15)
    assert stage.twilio.posts(ANN) == 5


def test_r3_a_carrier_that_refuses_connections_was_never_sent_to(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability rule 5: back to due after the grace, dialled once."""
    monkeypatch.setattr(dialing, "FIRST_WAIT_S", 0.01)
    away = Carrier(stage.settings.model_copy(update={"twilio_api_url": "http://127.0.0.1:9"}))
    lead_id = stage.lead(ANN)
    dialing.dial(stage.database, stage.settings, away, lead_id, "test")
    [attempt] = stage.attempts(lead_id)
    lead: Lead = stage.get(Lead, lead_id)
    assert (attempt.state, attempt.disposition, lead.state, lead.attempts) == (
        "refused",
        "refused_unsent",
        "scheduled",
        0,
    )


def test_r19_bad_credentials_halt_the_account_and_leave_leads_as_they_were(stage: Stage) -> None:
    stage.twilio.fault("401", 5)
    first, second = stage.lead(ANN), stage.lead(BEN)
    stage.dial(first)
    assert stage.all(Halt)[0].scope == "account"
    assert stage.dial(second) is None, "the gate defers"
    assert [stage.get(Lead, lead_id).state for lead_id in (first, second)] == ["scheduled", "scheduled"]
    assert stage.get(Lead, second).reason == "halted"
    assert stage.twilio.posts(BEN) == 0
    sent: list[object] = []
    sweep.sweep(
        stage.database,
        stage.settings,
        lambda *job: sent.append(job),
        sweep.Recently(),
        [],
        clock.now() + timedelta(minutes=5),
    )
    assert not sent, "a halted account wakes nobody"


REFUSALS = [
    (21211, "unreachable", None, "carrier_invalid"),
    (21217, "unreachable", None, "carrier_invalid"),
    (21210, "scheduled", "caller:", None),
    (21212, "scheduled", "caller:", None),
    (21215, "needs_human", "country:US", None),
    (21216, "unreachable", None, "carrier_blocked"),
    (21205, "scheduled", "campaign:solar-us", None),
    (21214, "scheduled", None, None),
    (20001, "needs_human", None, None),
]


@pytest.mark.parametrize(("code", "state", "halt", "suppression"), REFUSALS)
def test_r20_to_r24_refused_creates_follow_the_table(
    stage: Stage, code: int, state: str, halt: str | None, suppression: str | None
) -> None:
    stage.twilio.faults(refuse=1, refuse_code=code)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    lead: Lead = stage.get(Lead, lead_id)
    [attempt] = stage.attempts(lead_id)
    assert (attempt.state, attempt.error_code, lead.state) == ("refused", code, state)
    halts = [row.scope for row in stage.all(Halt)]
    assert [scope.startswith(halt) for scope in halts] == [True] if halt else halts == []
    assert [row.reason for row in stage.all(Suppression)] == ([suppression] if suppression else [])
    assert stage.twilio.posts(ANN) == 1


def test_r21_a_disabled_caller_id_gives_way_to_another(stage: Stage) -> None:
    stage.twilio.faults(refuse=1, refuse_code=21210)
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    first = stage.attempts(lead_id)[0].from_number
    with stage.database.transaction() as session:
        session.get_one(Lead, lead_id).due_at = clock.now()
    stage.dial(lead_id)
    second = stage.settled(lead_id)
    assert second.from_number != first
    assert second.number == 1, "a refused create does not count"


def test_r25_an_html_502_is_ambiguous(stage: Stage) -> None:
    stage.twilio.fault("html_502")
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    assert stage.get(Attempt, attempt_id).state == "unknown"


def test_r26_a_listing_the_sdk_cannot_read_is_asked_again_later(stage: Stage) -> None:
    stage.twilio.faults(**{"html_502": 1, "list_paging_extra": True})
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    later = clock.now() + timedelta(seconds=200)
    stage.reconcile(attempt_id, later)
    attempt: Attempt = stage.get(Attempt, attempt_id)
    assert attempt.state == "unknown", "an unreadable list proves nothing"
    assert attempt.reconcile_at
    assert attempt.reconcile_at > later


def test_r31_a_kill_switch_between_claim_and_post_makes_no_post(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(*args: object) -> bool:
        with stage.database.transaction() as session:
            session.merge(Halt(scope="account", reason="kill_switch", at=clock.now()))
        return real(*args)  # type: ignore[arg-type]

    real = dialing.brakes.stops
    monkeypatch.setattr("dialer.dial.brakes.stops", pull)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    assert stage.twilio.posts(ANN) == 0
    assert (stage.get(Lead, lead_id).state, stage.get(Lead, lead_id).attempts) == ("scheduled", 0)


def test_reliability_7_a_worker_paused_past_its_time_makes_no_post(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialing, "FRESH", timedelta(seconds=-1))
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    assert stage.twilio.posts(ANN) == 0
    assert stage.attempts(lead_id)[0].state == State.REFUSED


def test_r1_reliability_8_the_attempt_is_committed_before_the_first_byte(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    place = Carrier.place

    def watching(self: Carrier, order: object) -> object:
        with stage.database.reading() as session:
            seen.extend((row.state, row.to_number) for row in session.exec(select(Attempt)))
        return place(self, order)  # type: ignore[arg-type]

    monkeypatch.setattr(Carrier, "place", watching)
    stage.dial(stage.lead(ANN))
    assert seen == [("placing", ANN)]


def test_r37_a_call_whose_last_callback_never_comes_is_fetched(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    stage.twilio.faults(callbacks_drop=["completed"])
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.until(lambda: not stage.twilio.calls(ANN)[0]["alive"], "the call is over")
    sent: list[tuple[object, str]] = []
    later = clock.now() + timedelta(minutes=3)
    sweep.sweep(stage.database, stage.settings, lambda *job: sent.append(job), sweep.Recently(), [], later)
    assert ("dialer.reconcile", attempt_id) in sent
    stage.reconcile(attempt_id, later)
    assert stage.settled(lead_id).disposition == "busy"


def test_r38_ending_a_call_that_is_over_is_success(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="busy")
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    stage.carrier.end(stage.settled(lead_id).call_sid or "")
    stage.carrier.end("CA" + "0" * 32)


def test_r29_a_brake_takes_back_calls_still_ringing(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=5)
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    with stage.database.transaction() as session:
        session.add(Halt(scope="campaign:solar-us", reason="paused", at=clock.now()))
    sweep.sweep(stage.database, stage.settings, lambda *job: stage.jobs.append(job), sweep.Recently(), [], clock.now())
    attempt = stage.settled(lead_id)
    assert (attempt.id, attempt.state) == (attempt_id, "canceled")
    assert stage.get(Lead, lead_id).state == "scheduled"


def test_r30_a_queued_call_that_comes_up_after_hours_is_taken_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=5)
    stage.twilio.faults(dial_lag_ms=300)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    monkeypatch.setenv("CLOCK_OFFSET", str(float(os.environ["CLOCK_OFFSET"]) + 9.5 * 3600))
    attempt = stage.settled(lead_id)
    assert (attempt.state, attempt.token_used_at) == ("canceled", None)


def test_a_message_about_another_call_or_account_is_refused(stage: Stage) -> None:
    attempt_id = stage.dial(stage.lead(ANN)) or ""
    assert stage.post(attempt_id, "status", CallSid="CAx", CallStatus="ringing", To="+12125550177") == 403
    assert stage.post(attempt_id, "voice", CallSid="CAx", AccountSid=ACCOUNT[:-1] + "9") == 403
    assert stage.post(attempt_id, "status", CallStatus="ringing") == 403


def test_r32_the_region_of_the_environment_does_not_move_the_api(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """R32: the SDK reads these itself and would rewrite the host; the address is a setting of ours and of nobody else's."""
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    stage.carrier = Carrier(stage.settings)
    stage.twilio.script(ANN, answer="busy")
    stage.dial(stage.lead(ANN))
    assert stage.twilio.posts(ANN) == 1


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_number_rung_while_another_dial_waits_for_its_turn_is_not_rung_again_by_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dial reads what it can before its turn; SQLite's writers have theirs from the start."""
    stage.twilio.script(ANN, answer="busy")
    first, second = stage.lead(ANN), stage.lead(ANN)
    turn = dialing.pacing.turn

    def late(*args: Any) -> Pace:
        monkeypatch.setattr(dialing.pacing, "turn", turn)
        stage.dial(second)
        stage.settled(second)
        return turn(*args)

    monkeypatch.setattr(dialing.pacing, "turn", late)
    assert stage.dial(first) is None
    assert stage.twilio.posts(ANN) == 1
    assert (stage.get(Lead, first).state, stage.get(Lead, first).reason) == ("scheduled", "too_soon")
