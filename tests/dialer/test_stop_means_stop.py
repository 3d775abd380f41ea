"""A stop acts at once wherever a call of that number is: waiting, about to be placed, ringing, or being talked on.

Redis plays no part here: whatever it carries is only faster.
"""

import threading
from datetime import timedelta

import pytest

from campaign import clock
from campaign.jobs import Job
from campaign.records import Attempt, Lead, OutboxEntry, Suppression
from campaign.suppression import suppress
from dialer import dial as dialing
from dialer import machine, sweep
from tests.dialer.stage import Stage, Talk

ANN = "+12125550141"


def stop(stage: Stage, lead_id: str | None = None) -> None:
    with stage.database.transaction() as session:
        suppress(session, ANN, reason="opted_out", channel="api", now=clock.now(), lead_id=lead_id)


def test_a_phone_that_rings_stops_ringing(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=20)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    stage.until(lambda: stage.attempts(lead_id)[0].state == "ringing", "it rings")
    stop(stage, lead_id)
    attempt = stage.settled(lead_id)
    assert (attempt.state, stage.twilio.calls(ANN)[0]["status"]) == ("canceled", "canceled")
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.outcome, lead.due_at) == ("opted_out", "opted_out", None)


def test_a_ringing_phone_stops_even_when_the_hint_is_lost(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human", ring_s=20)
    lead_id = stage.lead(ANN)
    stage.dial(lead_id)
    stage.until(lambda: stage.attempts(lead_id)[0].state == "ringing", "it rings")
    stop(stage, lead_id)
    stage.jobs.clear()
    sweep.sweep(stage.database, stage.settings, lambda *job: stage.jobs.append(job), sweep.Recently(), [], clock.now())
    assert stage.settled(lead_id).state == "canceled"


def test_a_conversation_may_say_goodbye_and_is_then_ended_whoever_held_it(stage: Stage) -> None:
    stage.twilio.script(ANN, answer="human")
    stage.talk = Talk(hold=True, wanted=None, ended_by="caller")
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.until(lambda: stage.get(Lead, lead_id).state == "in_call", "they talk")
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is open")
    stop(stage, lead_id)
    stage.work()
    assert stage.twilio.calls(ANN)[0]["alive"], "the goodbye is not cut off"
    later = clock.now() + machine.GOODBYE + timedelta(seconds=1)
    sent: list[tuple[Job, str]] = []
    sweep.sweep(stage.database, stage.settings, lambda *job: sent.append(job), sweep.Recently(), [], later)
    assert (Job.MACHINE, attempt_id) in sent
    machine.act(stage.database, stage.carrier, attempt_id, later)
    stage.settled(lead_id)
    assert stage.get(Lead, lead_id).state == "opted_out"


def test_a_stop_between_claim_and_post_makes_no_post(stage: Stage) -> None:
    lead_id = stage.lead(ANN)
    intent = dialing._intend(stage.database, stage.settings, lead_id, "test", clock.now())
    assert intent is not None
    stop(stage, lead_id)
    placing = dialing._place(stage.database, stage.carrier, intent)
    dialing._record(stage.database, stage.settings, intent.attempt_id, placing, clock.now())
    assert stage.twilio.posts(ANN) == 0
    assert stage.get(Lead, lead_id).state == "opted_out"


def test_nobody_who_stopped_hears_that_we_will_call_back(stage: Stage) -> None:
    """The stream is refused, the conversation's document runs out: a hang-up, no apology that promises another call."""
    stage.twilio.script(ANN, answer="human", ring_s=20)
    lead_id = stage.lead(ANN)
    attempt_id = stage.dial(lead_id) or ""
    stage.jobs.clear()
    stop(stage, lead_id)
    sid = stage.get(Attempt, attempt_id).call_sid
    for what in ("voice", "fallback", "connect-end"):
        answer = stage.answer(attempt_id, what, CallSid=sid, CallStatus="in-progress")
        assert "<Hangup" in answer
        assert "<Say" not in answer, what


def test_the_crm_hears_of_a_stop_and_of_a_later_one(stage: Stage) -> None:
    lead_id = stage.lead(ANN)
    stop(stage, lead_id)
    [owed] = stage.all(OutboxEntry)
    assert (owed.effect, owed.entity_id, owed.version) == ("crm.lead", lead_id, 1)
    assert (Job.DELIVER, owed.id) in stage.jobs
    stop(stage, lead_id)
    assert len(stage.all(OutboxEntry)) == 1


def test_a_stop_outranks_what_the_carrier_said_of_the_number(stage: Stage) -> None:
    with stage.database.transaction() as session:
        suppress(session, ANN, reason="carrier_blocked", channel="carrier", now=clock.now())
    stop(stage)
    with stage.database.transaction() as session:
        suppress(session, ANN, reason="carrier_invalid", channel="carrier", now=clock.now())
    [row] = stage.all(Suppression)
    assert (row.reason, row.channel) == ("opted_out", "api")


def test_sixteen_stops_at_once_are_one(stage: Stage) -> None:
    lead_id = stage.lead(ANN)
    faults: list[BaseException] = []

    def press() -> None:
        try:
            stop(stage, lead_id)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=press) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(stage.all(Suppression)) == len(stage.all(OutboxEntry)) == 1


@pytest.mark.parametrize("scope", ["global", "solar-us"])
def test_a_stop_during_the_dial_itself_lets_one_of_the_two_win(stage: Stage, scope: str) -> None:
    """Whoever commits first, the lead ends as opted out and nothing keeps ringing."""
    stage.twilio.script(ANN, answer="human", ring_s=20)
    lead_id = stage.lead(ANN)

    def press() -> None:
        with stage.database.transaction() as session:
            suppress(session, ANN, reason="opted_out", channel="api", now=clock.now(), scope=scope)

    threads = [threading.Thread(target=work) for work in (lambda: stage.dial(lead_id), press)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.until(lambda: stage.get(Lead, lead_id).state == "opted_out", "the lead is opted out")
    assert not [call for call in stage.twilio.calls(ANN) if call["alive"]]
