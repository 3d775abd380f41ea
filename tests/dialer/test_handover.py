"""A transfer on the carrier's side: who is rung after whom, what a colleague must press, and what the caller is owed."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign import clock, roster, store
from campaign.errors import Permanent, Refused
from campaign.file import Campaign, parse
from campaign.records import Attempt, Call, CallEvent, Lead
from dialer import callbacks, handover, transfer_documents
from tests.dialer.stage import CAMPAIGN, Stage
from tests.dialer.test_doors import answer, ringing

TEAM = CAMPAIGN.replace(
    'people: [{name: Sal, calendar: sal@example.com, phone: "+12125550111"}]',
    """people:
  - {name: Nia, calendar: nia@example.com}
  - {name: Sal, calendar: sal@example.com, phone: "+12125550111"}
  - {name: Kim, calendar: kim@example.com, phone: "+12125550112", hours: {sat: ["10:00-12:00"]}}
  - {name: Ann, calendar: ann@example.com, phone: "+12125550113"}
  - {name: Bo, calendar: bo@example.com, phone: "+12125550114"}
  - {name: Cy, calendar: cy@example.com, phone: "+12125550115"}
""",
)


def the_team_is(stage: Stage, document: str = TEAM) -> None:
    with stage.database.transaction() as session:
        store.apply(session, parse(document), document, by="test", now=clock.now())


def talking(stage: Stage, **call: object) -> tuple[str, str]:
    """A call whose conversation was ended by a transfer."""
    attempt_id, sid = ringing(stage)
    stage.post(attempt_id, "status", CallSid=sid, CallStatus="in-progress", SequenceNumber="2")
    with stage.database.transaction() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.token_used_at = clock.now()
        details = {"reached": "human", "wanted": "needs_human", "ended_by": "agent", "summary_by": "ledger", **call}
        session.add(Call(attempt_id=attempt_id, lead_id=attempt.lead_id, campaign="solar-us", playbook="solar-us",
                         playbook_sha256="0", ended_at=clock.now(), **details))  # fmt: skip
    return attempt_id, sid


def begins(stage: Stage, attempt_id: str, person: str = "Sal", *, ordered: bool = False) -> None:
    with stage.database.transaction() as session:
        handover.begin(session, session.get_one(Attempt, attempt_id), person, clock.now(), ordered=ordered)


def rung_in_vain(stage: Stage, attempt_id: str, sid: str, leg: str, status: str = "no-answer", **more: str) -> str:
    form = {"CallSid": sid, "CallStatus": "in-progress", "DialCallSid": leg, "DialCallStatus": status, **more}
    return answer(stage, callbacks.dial_done, attempt_id, **form)


def settled(stage: Stage, attempt_id: str, sid: str) -> Lead:
    stage.post(attempt_id, "status", CallSid=sid, CallStatus="completed", SequenceNumber="9", CallDuration="60")
    stage.work()
    attempt: Attempt = stage.get(Attempt, attempt_id)
    assert attempt.settled_at is not None
    lead: Lead = stage.get(Lead, attempt.lead_id)
    return lead


def test_r86_only_the_key_bridges_and_everything_else_ends_the_leg(stage: Stage) -> None:
    """R86: whatever is pressed."""
    attempt_id, sid = talking(stage, brief="Maria is on the line for Brightroof.")
    leg = {"CallSid": "CAleg", "ParentCallSid": sid}
    asked = answer(stage, callbacks.whisper, attempt_id, **leg)
    assert 'finishOnKey=""' in asked, "# must reach us instead of ending the gather empty"
    assert asked.rstrip().endswith("<Hangup /></Response>"), "silence and voicemails are hung up on"
    assert ">Maria is on the line for Brightroof. Press 1 to take it.<" in asked
    for digits in ("2", "#", "*", "", "11"):
        assert "<Hangup" in answer(
            stage, callbacks.whisper, attempt_id, Digits=digits, **leg | {"CallSid": f"CA{digits}"}
        )
    assert "<Hangup" not in answer(stage, callbacks.whisper, attempt_id, Digits="1", **leg)


def test_a_leg_of_another_call_is_refused(stage: Stage) -> None:
    attempt_id, _sid = talking(stage)
    with pytest.raises(Refused):
        answer(stage, callbacks.whisper, attempt_id, CallSid="CAleg", ParentCallSid="CAother", Digits="1")


def test_a_whisper_without_a_brief_says_at_least_whose_call_it_is(stage: Stage) -> None:
    attempt_id, sid = talking(stage)
    asked = answer(stage, callbacks.whisper, attempt_id, CallSid="CAleg", ParentCallSid=sid)
    assert "A call from Brightroof. Press 1" in asked


def test_one_after_the_other_is_rung_three_at_most_and_only_who_works_now(stage: Stage) -> None:
    """Never two nouns in one Dial: the first to answer would win, a voicemail included."""
    the_team_is(stage)
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    second = rung_in_vain(stage, attempt_id, sid, "CA1")
    third = rung_in_vain(stage, attempt_id, sid, "CA2", "busy")
    last = rung_in_vain(stage, attempt_id, sid, "CA3", "completed", DialBridged="false")
    assert ("+12125550113" in second, "+12125550114" in third) == (True, True)
    assert second.count("<Number") == third.count("<Number") == 1
    assert ">One moment please" in second
    assert "<Stream" in last, "R87: answered is not taken"
    rung = stage.all(CallEvent, CallEvent.kind == handover.TRANSFER)
    assert [event.word for event in sorted(rung, key=lambda event: event.sequence or 0)] == ["Sal", "Ann", "Bo"]


def test_a_message_that_comes_twice_is_answered_as_the_first_time(stage: Stage) -> None:
    the_team_is(stage)
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    first = rung_in_vain(stage, attempt_id, sid, "CA1")
    assert rung_in_vain(stage, attempt_id, sid, "CA1") == first
    assert len(stage.all(CallEvent, CallEvent.kind == handover.TRANSFER)) == 2


def test_the_agent_takes_the_call_back_twice_and_then_there_is_an_apology(stage: Stage) -> None:
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    back = rung_in_vain(stage, attempt_id, sid, "CA1")
    assert 'name="token"' in back
    assert stage.get(Attempt, attempt_id).token_used_at is None
    assert rung_in_vain(stage, attempt_id, sid, "CA1").count("<Stream") == 1, "lost and asked for again"
    for number in (2, 3):
        with stage.database.transaction() as session:
            session.get_one(Attempt, attempt_id).token_used_at = clock.now()
        begins(stage, attempt_id)
        back = rung_in_vain(stage, attempt_id, sid, f"CA{number}")
    assert callbacks.documents.NOBODY_FREE["en"] in back


def test_who_holds_on_for_the_agent_is_kept_on_the_line(stage: Stage) -> None:
    """R89: the end of a Connect is answered alike however often it comes, and hangs up once a conversation was ended."""
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    ended = {"CallSid": sid, "CallStatus": "in-progress"}
    ends = [answer(stage, callbacks.connect_end, attempt_id, **ended) for _ in range(2)]
    assert ["<Stream" in end or "<Say" in end for end in ends] == [False, False]
    rung_in_vain(stage, attempt_id, sid, "CA1")
    assert "<Stream" in answer(stage, callbacks.connect_end, attempt_id, **ended), "no media process took it: again"


def test_a_supervisor_who_cannot_be_reached_rings_nobody_else_and_owes_nothing(stage: Stage) -> None:
    the_team_is(stage)
    attempt_id, sid = talking(stage, wanted=None)
    begins(stage, attempt_id, ordered=True)
    assert "<Stream" in rung_in_vain(stage, attempt_id, sid, "CA1")
    assert not stage.all(CallEvent, CallEvent.kind == handover.PROMISE)


def test_r87_a_talk_with_a_colleague_is_told_from_a_colleague_who_only_answered(stage: Stage) -> None:
    """R87."""
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    assert "<Say" not in rung_in_vain(stage, attempt_id, sid, "CA1", "completed", DialBridged="true")
    lead = settled(stage, attempt_id, sid)
    assert (lead.state, lead.reason, lead.callback_at) == ("needs_human", "put_through", None)


def test_whom_nobody_took_is_called_back_within_an_hour_of_somebodys_work(stage: Stage) -> None:
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    rung_in_vain(stage, attempt_id, sid, "CA1", "completed", DialBridged="false")
    lead = settled(stage, attempt_id, sid)
    assert (lead.state, lead.reason) == ("needs_human", "callback_promised")
    assert lead.callback_at is not None
    assert abs(lead.callback_at - clock.now() - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_who_hung_up_while_it_rang_is_still_owed_a_call(stage: Stage, status: str) -> None:
    attempt_id, sid = talking(stage)
    begins(stage, attempt_id)
    answered = rung_in_vain(stage, attempt_id, sid, "CA1", "canceled", CallStatus=status)
    assert "<Stream" not in answered
    assert settled(stage, attempt_id, sid).reason == "callback_promised"


def test_a_call_given_up_with_an_apology_is_owed_one_too(stage: Stage) -> None:
    attempt_id, sid = talking(stage, flags=[{"flag": "needs_callback", "detail": "model unreachable"}])
    assert settled(stage, attempt_id, sid).callback_at is not None


# --- the order to the carrier ---


def test_r84_a_refused_time_limit_is_left_out_and_the_transfer_goes_on(stage: Stage) -> None:
    """R84: 13216."""
    stage.talk.hold = True
    attempt_id, sid = ringing(stage, ring_s=0.1)
    stage.until(lambda: stage.get(Attempt, attempt_id).token_used_at, "the stream is let in")
    stage.twilio.faults(time_limit_13216=1)
    stage.carrier.redirect(sid, "<Response><Pause length='1'/><Hangup/></Response>", time_limit=3700)
    stage.until(lambda: stage.get(Attempt, attempt_id).ended_at, "the new document ran to its end")


def test_r85_a_transfer_of_a_call_that_is_over_says_so(stage: Stage) -> None:
    """R85: 21220."""
    attempt_id, sid = ringing(stage, ring_s=0.1, steps=[{"at_ms": 100, "hang_up": True}])
    stage.until(lambda: stage.get(Attempt, attempt_id).ended_at, "the call is over")
    with pytest.raises(Permanent) as gone:
        stage.carrier.redirect(sid, transfer_documents.accept(), time_limit=3700)
    assert gone.value.code == "call_over"


def test_the_limit_covers_every_ring_and_a_talk_up_to_the_carriers_ceiling() -> None:
    """R84: what has passed counts."""
    now = clock.now()
    attempt = Attempt(id="a", lead_id="l", campaign="c", intent_at=now - timedelta(seconds=130))
    attempt.answered_at = now - timedelta(seconds=100)
    assert handover.time_limit(attempt, now) == 100 + 3 * 20 + 3600 + 60
    assert handover.time_limit(attempt, now + timedelta(hours=5)) == 14_400


# --- the roster ---


def campaign() -> Campaign:
    return parse(TEAM)


def new_york(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour + 5, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "names"),
    [
        (new_york(25, 9), ["Sal", "Ann", "Bo", "Cy"]),
        (new_york(25, 8, 59), []),
        (new_york(25, 17), []),
        (new_york(28, 10), ["Kim"]),
        (new_york(29, 10), []),
    ],
)
def test_who_is_on_duty_has_a_phone_and_works_now(at: datetime, names: list[str]) -> None:
    assert [person.name for person in roster.on_duty(campaign(), at)] == names


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (new_york(25, 12), new_york(25, 12)),
        (new_york(25, 18), new_york(26, 9)),
        (new_york(27, 18), new_york(28, 10)),
        (new_york(28, 13), new_york(30, 9)),
    ],
)
def test_when_somebody_works_next(after: datetime, due: datetime) -> None:
    assert roster.next_duty(campaign(), after) == due


def test_a_team_that_never_works_is_never_next() -> None:
    idle = CAMPAIGN.replace('phone: "+12125550111"', 'phone: "+12125550111", hours: {}')
    assert roster.next_duty(parse(idle), new_york(25, 12)) is None


def test_hours_until_midnight_last_until_midnight() -> None:
    late = CAMPAIGN.replace('phone: "+12125550111"', 'phone: "+12125550111", hours: {wed: ["18:00-24:00"]}')
    assert roster.on_duty(parse(late), new_york(25, 18))
    assert roster.on_duty(parse(late), datetime(2026, 11, 26, 4, 59, tzinfo=UTC))
    assert not roster.on_duty(parse(late), datetime(2026, 11, 26, 5, 0, tzinfo=UTC))
