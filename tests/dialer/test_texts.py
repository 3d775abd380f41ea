"""Texts against the sandbox: one POST each, whatever is lost; a stop by text stops everything."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from campaign import clock, ids, store
from campaign.database import Database
from campaign.file import parse
from campaign.jobs import Job
from campaign.records import Attempt, Booking, Consent, Lead, Suppression, TextMessage
from campaign.settings import Settings
from campaign.suppression import suppressed
from dialer import texts
from dialer.carrier import Carrier
from tests.dialer.stage import CALLER, CAMPAIGN, Stage, Talk, Twilio, apply_campaign

ANN = "+12125550131"
COVERED = "I agree that Brightroof Solar LLC may call and text me."
SEQUENCE = f"{CAMPAIGN}texts: {{missed_call: [{{attempt: 1, minutes: 0}}], confirmation: {{}}, reminder: {{minutes_before: 60}}}}\n"


@pytest.fixture
def served(stage: Stage) -> Stage:
    """With our doors open, so that calls and status callbacks reach us."""
    apply_campaign(stage.database, SEQUENCE)
    return stage


@pytest.fixture
def texting(database: Database, settings: Settings, twilio: Twilio) -> Iterator[Stage]:
    """Without doors: nobody is told anything."""
    carrier = Carrier(settings)
    stage = Stage(database, settings, twilio, carrier)
    database.send = lambda job, entity_id: stage.jobs.append((job, entity_id))
    apply_campaign(database, SEQUENCE)
    yield stage
    carrier.close()


def lead(stage: Stage, words: str = COVERED) -> str:
    lead_id = stage.lead(ANN)
    with stage.database.transaction() as session:
        given = session.exec(select(Consent).where(Consent.lead_id == lead_id)).one()
        given.text = words
        session.add(given)
    return lead_id


def missed(stage: Stage, words: str = COVERED) -> str:
    """A call nobody answered, as its settlement leaves it; the text it led to has been tried."""
    lead_id = lead(stage, words)
    with stage.database.transaction() as session:
        attempt, campaign = _attempt(session, lead_id), store.get(session, "solar-us")[0]
        texts.owe_after_missed(session, session.get_one(Lead, lead_id), attempt, campaign, "busy", 1, clock.now())
    stage.work()
    return lead_id


def text(stage: Stage, kind: str = "missed_call") -> TextMessage:
    (row,) = stage.all(TextMessage, col(TextMessage.kind) == kind)
    assert isinstance(row, TextMessage)
    return row


def test_a_missed_call_is_followed_by_one_text_that_arrives(served: Stage):
    """From the unanswered call on: once, from the number they saw; doing the job again sends nothing."""
    served.twilio.script(ANN, answer="busy")
    lead_id = lead(served)
    served.dial(lead_id)
    served.settled(lead_id)
    served.until(lambda: text(served).state == "delivered", "the text is delivered")
    row = text(served)
    served.text(row.id)
    (post,) = served.twilio.texts(ANN)
    assert post["from"] == served.attempts(lead_id)[0].from_number
    assert post["body"] == row.body
    assert row.body.startswith("Brightroof: we just tried to call you")
    assert row.message_sid
    assert row.tries == 1


def test_without_consent_to_texts_nothing_is_sent_and_it_is_said_why(texting: Stage):
    missed(texting, "I agree to be called.")
    row = text(texting)
    assert (row.state, row.reason) == ("withheld", "no_text_consent")
    assert texting.twilio.texts(ANN) == []


def test_a_campaign_that_names_no_texts_sends_none(texting: Stage):
    apply_campaign(texting.database)
    missed(texting)
    assert texting.all(TextMessage) == []


@pytest.mark.parametrize("fault", ["sms_201_lost", "sms_500_after_create"])
def test_r92_a_text_whose_answer_was_lost_is_not_sent_again(served: Stage, fault: str):
    """R92: one POST; a status callback can still tell what became of it."""
    served.twilio.fault(fault)
    missed(served)
    served.until(lambda: text(served).state == "delivered", "the callback told what the answer could not")
    with served.database.transaction() as session:
        assert texts.due(session, clock.now() + timedelta(hours=1)) == []
    assert len(served.twilio.texts(ANN)) == 1


def test_r92_one_that_nobody_tells_of_stays_unknown(texting: Stage):
    """R92: fail closed, also when the sender died between its claim and the record."""
    texting.twilio.faults(sms_201_lost=1, sms_never_told=True)
    missed(texting)
    assert (text(texting).state, text(texting).reason) == ("unknown", "answer_lost")
    with texting.database.transaction() as session:
        row = session.get_one(TextMessage, text(texting).id)
        row.state = "sending"
        session.add(row)
    with texting.database.transaction() as session:
        assert texts.due(session, clock.now() + timedelta(minutes=3)) == []
    assert text(texting).state == "unknown"
    assert len(texting.twilio.texts(ANN)) == 1


def test_429_is_tried_again_later_and_sent_once(texting: Stage):
    texting.twilio.fault("sms_429_n")
    missed(texting)
    row = text(texting)
    assert (row.state, row.tries, row.error_code) == ("due", 1, 429)
    with texting.database.transaction() as session:
        assert texts.due(session, clock.now()) == []
        assert texts.due(session, row.due_at) == [(Job.TEXT, row.id)]
    texting.text(row.id, row.due_at)
    assert text(texting).state == "sent"
    assert len(texting.twilio.texts(ANN)) == 2


def test_r92_unsubscribed_at_the_carrier_is_a_stop_everywhere(texting: Stage):
    """R92: 21610 suppresses, calls included."""
    texting.twilio.fault("sms_refuse")
    lead_id = missed(texting)
    row = text(texting)
    assert (row.state, row.error_code, row.reason) == ("failed", 21610, "opted_out")
    (stop,) = texting.all(Suppression)
    assert (stop.phone, stop.channel, stop.scope) == (ANN, "sms", "global")
    assert texting.get(Lead, lead_id).state == "opted_out"


@pytest.mark.parametrize(("code", "word"), [(30003, "handset_off"), (30034, "unregistered"), (39999, "unmapped_error")])
def test_an_undelivered_text_says_why_and_is_not_sent_again(texting: Stage, code: int, word: str):
    missed(texting)
    row = text(texting)
    params = {"MessageSid": row.message_sid or "", "MessageStatus": "undelivered", "ErrorCode": str(code)}
    with texting.database.transaction() as session:
        texts.told(session, row.id, params, clock.now())
    row = text(texting)
    assert (row.state, row.error_code, row.reason) == ("undelivered", code, word)
    assert texting.all(Suppression) == []
    assert len(texting.twilio.texts(ANN)) == 1


def received(stage: Stage, body: str, wish: str = "") -> str | None:
    params = {"From": ANN, "To": CALLER, "Body": body, "MessageSid": ids.new("SM")}
    with stage.database.transaction() as session:
        return texts.received(session, params, wish, clock.now())


def test_stop_by_text_stops_calls_and_texts_and_start_gives_back_only_texts(texting: Stage):
    """A START undoes the carrier's block on texts; calls need a new consent."""
    lead_id = lead(texting)
    with texting.database.transaction() as session:
        attempt = _attempt(session, lead_id)
        campaign, _ = store.get(session, "solar-us")
        later = parse(SEQUENCE.replace("minutes: 0", "minutes: 30"))
        texts.owe_after_missed(session, session.get_one(Lead, lead_id), attempt, later, "busy", 1, clock.now())
    assert received(texting, "Stop.") is None
    row = text(texting)
    assert (row.state, row.reason) == ("withheld", "suppressed")
    assert texting.get(Lead, lead_id).state == "opted_out"
    assert texting.dial(lead_id) is None
    with texting.database.transaction() as session:
        again = texts.owe_after_missed
        second = _attempt(session, lead_id)
        again(session, session.get_one(Lead, lead_id), second, campaign, "busy", 1, clock.now())
    assert [one.reason for one in texting.all(TextMessage, col(TextMessage.entity_id) == second.id)] == [""]
    texting.work()
    assert [one.state for one in texting.all(TextMessage, col(TextMessage.entity_id) == second.id)] == ["withheld"]
    received(texting, "START")
    with texting.database.transaction() as session:
        third = _attempt(session, lead_id)
        texts.owe_after_missed(session, session.get_one(Lead, lead_id), third, campaign, "busy", 1, clock.now())
    texting.work()
    assert [one.state for one in texting.all(TextMessage, col(TextMessage.entity_id) == third.id)] == ["sent"]
    with texting.database.reading() as session:
        assert suppressed(session, ANN, "solar-us") is not None
    assert texting.dial(lead_id) is None


def test_help_is_answered_and_other_words_are_kept(texting: Stage):
    lead_id = lead(texting)
    assert "Brightroof" in (received(texting, "HELP") or "")
    assert received(texting, "Can you call me on Monday?") is None
    assert received(texting, "please never call me again", wish="stop") is None
    assert [row.reason for row in texting.all(TextMessage)] == ["help", "", "stop"]
    assert texting.get(Lead, lead_id).state == "opted_out"


def _attempt(session: Any, lead_id: str) -> Attempt:
    now = clock.now()
    attempt = Attempt(
        id=ids.new("att"), lead_id=lead_id, campaign="solar-us", campaign_version=1, number=1, fence=1, state="busy", to_number=ANN,
        from_number=CALLER, intent_at=now, intent_real_at=now, settled_at=now,
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    return attempt


def test_a_booking_is_confirmed_at_once_and_reminded_of_while_it_stands(served: Stage):
    """Written when the call that booked is settled; a meeting that is cancelled is not reminded of."""
    lead_id = lead(served)
    starts = clock.now() + timedelta(hours=3)
    served.talk = Talk(wanted="booked")
    with served.database.transaction() as session:
        booking = Booking(
            id="bok_1", lead_id=lead_id, campaign="solar-us", person="Sal", calendar="sal@example.com", starts_at=starts,
            ends_at=starts + timedelta(minutes=30), timezone="America/New_York", state="confirmed", event_id="e",
            created_at=clock.now(),
        )  # fmt: skip
        session.add(booking)
    attempt_id = served.dial(lead_id)
    with served.database.transaction() as session:
        row = session.get_one(Booking, "bok_1")
        row.attempt_id = attempt_id
        session.add(row)
    served.settled(lead_id)
    served.until(lambda: text(served, "confirmation").state == "delivered", "the confirmation is delivered")
    assert "with Sal is booked for Wed Nov 25" in text(served, "confirmation").body
    reminder = text(served, "reminder")
    assert (reminder.state, reminder.due_at) == ("due", starts - timedelta(hours=1))
    with served.database.transaction() as session:
        row = session.get_one(Booking, "bok_1")
        row.state = "cancelled"
        session.add(row)
    served.text(reminder.id, reminder.due_at)
    assert (text(served, "reminder").state, text(served, "reminder").reason) == ("withheld", "meeting_gone")
    assert len(served.twilio.texts(ANN)) == 1
