"""Brakes the carrier's answers pull: by many workers at once, worn off when nobody lifts them, never weaker than a person's."""

import threading
from datetime import timedelta

from campaign import clock
from campaign.records import Attempt, Booking, Call, Halt, Lead
from dialer import brakes, ending, sweep
from dialer import dial as dialing
from dialer.carrier import Refusal
from tests.dialer.stage import Stage, Talk

ANN, BEN = "+12125550141", "+12125550142"


def intended(stage: Stage, number: str) -> str:
    intent = dialing._intend(stage.database, stage.settings, stage.lead(number), "test", clock.now())
    assert intent is not None
    return intent.attempt_id


def test_workers_refused_together_all_write_down_their_refusal(stage: Stage) -> None:
    stage.twilio.fault("401", 50)
    ids = [stage.lead(f"+12125551{n:03}") for n in range(8)]
    faults: list[BaseException] = []

    def dial(lead_id: str) -> None:
        try:
            stage.dial(lead_id)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=dial, args=(lead_id,)) for lead_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert {attempt.state for attempt in stage.all(Attempt)} == {"refused"}
    assert [halt.scope for halt in stage.all(Halt)] == ["account"]


def test_a_brake_nobody_lifts_wears_off_and_is_pulled_again(stage: Stage) -> None:
    stage.twilio.fault("401", 1)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    [halt] = stage.all(Halt)
    assert halt.until is not None
    assert halt.until - halt.at == timedelta(minutes=10)
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, stage.attempts(lead_id)[0].id)
        brakes.pull(session, attempt, 401, halt.until + timedelta(seconds=5))
    assert stage.all(Halt)[0].until == halt.until + timedelta(minutes=10, seconds=5)


def test_leads_of_a_braked_campaign_keep_their_place_without_being_asked_about(stage: Stage) -> None:
    lead_id = stage.lead(ANN)
    now = clock.now() + timedelta(seconds=2)
    sent: list[object] = []
    with stage.database.transaction() as session:
        session.add(Halt(scope="campaign:solar-us", reason="paused", at=now, until=now + timedelta(hours=1)))
    sweep.sweep(stage.database, stage.settings, lambda _job, entity: sent.append(entity), sweep.Recently(), [], now)
    assert sent == []
    sweep.sweep(
        stage.database,
        stage.settings,
        lambda _job, entity: sent.append(entity),
        sweep.Recently(),
        [],
        now + timedelta(hours=2),
    )
    assert sent == [lead_id]


def test_a_persons_brake_is_not_loosened_by_the_carriers(stage: Stage) -> None:
    stage.twilio.fault("401", 1)
    attempt_id = intended(stage, ANN)
    with stage.database.transaction() as session:
        session.add(Halt(scope="account", reason="kill_switch", at=clock.now()))
        session.flush()
        brakes.pull(session, session.get_one(Attempt, attempt_id), 401, clock.now())
    [halt] = stage.all(Halt)
    assert (halt.reason, halt.until) == ("kill_switch", None)


def test_a_caller_id_rests_again_after_its_first_rest(stage: Stage) -> None:
    now = clock.now()
    for at in (now, now + timedelta(hours=1)):
        with stage.database.transaction() as session:
            brakes.rest_caller(session, "+12125550100", at)
    assert stage.all(Halt)[0].until == now + timedelta(hours=1) + brakes.CALLER_REST


def test_a_closed_country_stops_a_call_about_to_be_placed(stage: Stage) -> None:
    attempt_id = intended(stage, ANN)
    with stage.database.transaction() as session:
        session.add(Halt(scope="country:US", reason="hold", at=clock.now()))
        session.flush()
        assert brakes.stops(session, session.get_one(Attempt, attempt_id), clock.now())


def test_a_definite_no_counts_though_somebody_looked_for_the_call_meanwhile(stage: Stage) -> None:
    """A slow refusal: the reconciler has looked, found nothing, and would put the lead off until tomorrow."""
    attempt_id = intended(stage, ANN)
    stage.reconcile(attempt_id, clock.now() + timedelta(seconds=13))
    assert stage.get(Attempt, attempt_id).state == "unknown"
    dialing._record(stage.database, stage.settings, attempt_id, Refusal(20003), clock.now())
    attempt: Attempt = stage.get(Attempt, attempt_id)
    lead: Lead = stage.get(Lead, attempt.lead_id)
    assert (attempt.state, lead.state, lead.attempts) == ("refused", "scheduled", 0)
    assert stage.all(Halt)[0].scope == "account"


def test_a_promise_survives_a_request_that_was_never_processed(stage: Stage) -> None:
    stage.twilio.fault("401", 1)
    promised = clock.now() - timedelta(minutes=1)
    lead_id = stage.lead(ANN, callback_at=promised)
    stage.dial(lead_id)
    assert stage.get(Lead, lead_id).callback_at == promised


def test_a_lead_blocked_on_its_second_call_has_no_outcome_of_the_first(stage: Stage) -> None:
    lead_id = stage.lead(ANN, outcome="callback", outcome_at=clock.now(), attempts=1)
    with stage.database.transaction() as session:
        ending.deny(session, session.get_one(Lead, lead_id), "no_consent", clock.now())
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.outcome, lead.outcome_at) == ("blocked", None, None)


def test_a_meeting_agreed_before_the_media_process_died_is_kept_and_nobody_rings_again(stage: Stage) -> None:
    stage.talk = Talk(reached="unknown", wanted=None, ended_by="system", hold=True)
    stage.twilio.script(ANN, answer="human")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "they talk")
    now = clock.now()
    with stage.database.transaction() as session:
        session.add(
            Booking(
                id="book_1",
                attempt_id=attempt_id,
                lead_id=lead_id,
                campaign="solar-us",
                person="Sal",
                calendar="sal@example.com",
                starts_at=now + timedelta(days=1),
                ends_at=now + timedelta(days=1, minutes=30),
                timezone="America/New_York",
                state="confirmed",
                event_id="e1",
                created_at=now,
            )
        )
    stage.carrier.end(stage.get(Attempt, attempt_id).call_sid)
    stage.settled(lead_id)
    assert (stage.get(Lead, lead_id).state, stage.get(Call, attempt_id).wanted) == ("booked", "booked")
