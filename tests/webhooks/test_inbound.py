"""The door for calls that people place to us: who is put through to whom, and what nobody but Twilio can do there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign import clock, ids, store
from campaign.database import Database
from campaign.file import parse
from campaign.records import Attempt, Halt, InboundCall, Lead
from campaign.suppression import suppress, suppressed
from dialer import handover, inbound, inbound_documents, settle
from tests.webhooks.conftest import CAMPAIGN
from tests.webhooks.senders import from_twilio

OURS, THEIRS = "+12125550100", "+12125550101"
ALWAYS = CAMPAIGN.replace('phone: "+12125550111"', 'phone: "+12125550111", hours: {all: ["00:00-24:00"]}')
NEVER = CAMPAIGN.replace('phone: "+12125550111"', 'phone: "+12125550111", hours: {}')


@pytest.fixture
def known(database: Database) -> Callable[..., str]:
    def make(**changes: Any) -> str:
        now = clock.now()
        lead = Lead(
            id=ids.new("lead"), campaign="solar-us", source="website", external_id=ids.new("x"), phone=THEIRS, state="scheduled",
            due_at=now + timedelta(hours=1), received_at=now, updated_at=now,
        )  # fmt: skip
        for name, value in changes.items():
            setattr(lead, name, value)
        with database.transaction() as session:
            session.add(lead)
        return lead.id

    return make


def apply(database: Database, document: str, inbound: str) -> None:
    document = f"{document}\ninbound: {inbound}\n"
    with database.transaction() as session:
        store.apply(session, parse(document), document, by="tests", now=clock.now())


def call(sid: str = "CA" + "1" * 32, path: str = "", **more: str) -> dict[str, Any]:
    params = {"CallSid": sid, "From": THEIRS, "To": OURS, "CallStatus": "ringing", "Direction": "inbound", **more}
    return from_twilio(f"/twilio/inbound{path}", params)


def rows(database: Database, table: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(table)))


async def test_a_lead_is_given_to_the_agent_once(web: httpx.AsyncClient, database: Database, known: Callable[..., str]):
    """A repeat of the message changes nothing; the lead is not due while they talk; the token is the media door's."""
    lead_id = known()
    first, again = await web.post(**call()), await web.post(**call())
    assert "<Stream" in first.text
    assert "<Stream" in again.text
    (attempt,) = rows(database, Attempt)
    assert (attempt.direction, attempt.state, attempt.lead_id, attempt.number) == ("inbound", "in_progress", lead_id, 0)
    assert [row.answer for row in rows(database, InboundCall)] == ["agent"]
    (lead,) = rows(database, Lead)
    assert (lead.state, lead.attempts) == ("in_call", 0)


async def test_the_numbers_status_callback_ends_their_attempt(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    """It names no attempt in its path; the call says which. Nobody spoke, so what was planned stands."""
    due = clock.now() + timedelta(hours=3)
    known(due_at=due)
    await web.post(**call())
    done = {"CallStatus": "completed", "CallDuration": "4", "Duration": "1"}
    assert (await web.post(**call(path="/status", **done))).status_code == 204
    assert (await web.post(**call(sid="CA" + "9" * 32, path="/status", **done))).status_code == 204
    (attempt,) = rows(database, Attempt)
    assert (attempt.state, attempt.call_duration_s) == ("completed", 4)
    assert attempt.settled_at is not None
    (lead,) = rows(database, Lead)
    assert (lead.state, lead.due_at, lead.reason) == ("scheduled", due, "they_rang_us")


async def test_somebody_we_are_ringing_is_kept_on_the_line_not_talked_to_twice(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    """One person, one call: held while ours is unsettled, put through when it is over, and told so when it never is."""
    lead_id, now = known(state="ringing", due_at=None), clock.now()
    ours = Attempt(
        id=ids.new("att"), lead_id=lead_id, campaign="solar-us", campaign_version=1, number=1, fence=1, state="ringing",
        to_number=THEIRS, from_number=OURS, call_sid="CA" + "2" * 32, intent_at=now, intent_real_at=now,
    )  # fmt: skip
    with database.transaction() as session:
        session.add(ours)
    held = await web.post(**call())
    assert "/twilio/inbound?held=1" in held.text
    assert "<Stream" not in held.text
    path = f"?held={inbound.HOLDS}"
    assert "<Redirect" not in (await web.post(**call(path=path))).text
    with database.transaction() as session:
        row = session.get_one(Attempt, ours.id)
        row.settled_at = now
        lead = session.get_one(Lead, lead_id)
        lead.state, lead.due_at = "scheduled", now
        session.add_all([row, lead])
    assert "<Stream" in (await web.post(**call(path="?held=2"))).text
    assert len(rows(database, Attempt)) == 2


@pytest.mark.parametrize(
    ("document", "wish", "expected"),
    [
        (ALWAYS, "{known: agent}", "<Stream"),
        (ALWAYS, "{known: team}", "+12125550111"),
        (NEVER, "{known: team}", "<Stream"),
        (ALWAYS, "{known: message}", "press 9"),
    ],
)
async def test_leads_are_answered_as_the_campaign_wants(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str], document: str, wish: str, expected: str
):
    """The team only in their hours; outside of them the agent answers."""
    known()
    apply(database, document, wish)
    assert expected in (await web.post(**call())).text


async def test_a_lead_nobody_of_the_team_takes_comes_to_the_agent(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    known()
    apply(database, ALWAYS, "{known: team}")
    await web.post(**call())
    (attempt,) = rows(database, Attempt)
    done = {
        "CallSid": "CA" + "1" * 32,
        "From": THEIRS,
        "To": OURS,
        "CallStatus": "in-progress",
        "DialCallStatus": "no-answer",
    }
    answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/dial-done", done))
    assert "<Stream" in answer.text


async def test_a_colleague_who_takes_a_leads_call_is_the_outcome(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    """R87: bridged is talked."""
    known()
    apply(database, ALWAYS, "{known: team}")
    await web.post(**call())
    (attempt,) = rows(database, Attempt)
    done = {"CallSid": "CA" + "1" * 32, "CallStatus": "completed", "DialCallStatus": "completed", "DialBridged": "true"}
    await web.post(**from_twilio(f"/twilio/{attempt.id}/dial-done", done))
    await web.post(**call(path="/status", CallStatus="completed", CallDuration="60"))
    settle.settle(database, attempt.id, clock.now() + timedelta(minutes=2))
    (lead,) = rows(database, Lead)
    assert (lead.state, lead.reason) == ("needs_human", "put_through")
    with database.reading() as session:
        assert handover.bridged(session, attempt.id)


async def test_strangers_and_those_who_said_stop_never_reach_the_agent(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    """Fixed words and the key that removes a number; the team where the campaign wants that and somebody is at work."""
    stranger = await web.post(**call(sid="CA" + "3" * 32, From="+12125550199"))
    assert "press 9" in stranger.text
    assert "<Stream" not in stranger.text
    known()
    with database.transaction() as session:
        suppress(session, THEIRS, reason="opted_out", channel="voice", now=clock.now())
    assert "<Stream" not in (await web.post(**call())).text
    apply(database, ALWAYS, "{unknown: team}")
    ringing = await web.post(**call(sid="CA" + "4" * 32, From="anonymous"))
    assert "+12125550111" in ringing.text
    assert rows(database, Attempt) == []


async def test_a_key_removes_the_callers_number(web: httpx.AsyncClient, database: Database):
    await web.post(**call(From="+12125550199"))
    assert "press" not in (await web.post(**call(path="/key", Digits="5"))).text
    answer = await web.post(**call(path="/key", Digits="9"))
    assert inbound_documents.STOPPED["en"] in answer.text
    with database.reading() as session:
        assert suppressed(session, "+12125550199", "solar-us") is not None


async def test_a_strangers_call_goes_from_colleague_to_colleague_and_ends_with_the_words(
    web: httpx.AsyncClient, database: Database
):
    """R86: only the key bridges; whoever does not press it passes the call on."""
    apply(database, ALWAYS, "{unknown: team}")
    sid = "CA" + "5" * 32
    await web.post(**call(sid=sid, From="+12125550199"))
    leg = {"CallSid": "CA" + "6" * 32, "ParentCallSid": sid, "CallStatus": "in-progress"}
    assert "Press 1" in (await web.post(**from_twilio("/twilio/inbound/whisper", leg))).text
    accepted = await web.post(**from_twilio("/twilio/inbound/whisper", {**leg, "Digits": "1"}))
    declined = await web.post(**from_twilio("/twilio/inbound/whisper", {**leg, "Digits": "2"}))
    assert ("Hangup" in accepted.text, "Hangup" in declined.text) == (False, True)
    nobody = {"CallSid": sid, "CallStatus": "in-progress", "DialCallStatus": "no-answer"}
    assert "press 9" in (await web.post(**from_twilio("/twilio/inbound/dial-done", nobody))).text


async def test_nobody_can_make_us_spend_without_end(
    web: httpx.AsyncClient, database: Database, known: Callable[..., str]
):
    """So many calls of one number in a day, and none under a brake: then the message, and the key."""
    lead_id, now = known(), clock.now()
    with database.transaction() as session:
        for number in range(inbound.MOST_A_DAY):
            session.add(_theirs(lead_id, now - timedelta(hours=1), f"CA{number}"))
    assert "press 9" in (await web.post(**call())).text
    with database.transaction() as session:
        for attempt in session.exec(select(Attempt)):
            attempt.intent_at = now - timedelta(days=2)
            session.add(attempt)
    assert "<Stream" in (await web.post(**call(sid="CA" + "8" * 32))).text
    with database.transaction() as session:
        for attempt in session.exec(select(Attempt)):
            attempt.settled_at = now
            session.add(attempt)
        session.add(Halt(scope="account", reason="kill_switch", at=now))
    assert "press 9" in (await web.post(**call(sid="CA" + "7" * 32))).text


async def test_a_number_no_campaign_has_is_not_answered(web: httpx.AsyncClient, database: Database):
    answer = await web.post(**call(To="+12125550108"))
    assert "<Hangup" in answer.text
    assert "<Say" not in answer.text


@pytest.mark.parametrize("path", ["", "/status", "/key", "/dial-done", "/whisper"])
async def test_only_twilio_gets_in(web: httpx.AsyncClient, database: Database, path: str):
    """R45: no signature, no effect."""
    forged = call(path=path)
    forged["headers"] = {"X-Twilio-Signature": "forged"}
    assert (await web.post(**forged)).status_code == 403
    assert rows(database, InboundCall) == []


def test_their_calls_use_up_nobodys_patience(database: Database, known: Callable[..., str]):
    """Caps count our calls, not theirs; the caller ID they rang is the one they see again."""
    from dialer.ask import gather

    lead_id, now = known(), clock.now()
    with database.transaction() as session:
        session.add(_theirs(lead_id, now))
        session.flush()
        campaign, _ = store.get(session, "solar-us")
        facts = gather(session, session.get_one(Lead, lead_id), campaign, now)
    assert (facts.tried, facts.rang) == (0, ())


def _theirs(lead_id: str, now: datetime, call_sid: str = "CA" + "7" * 32) -> Attempt:
    return Attempt(
        id=ids.new("att"), lead_id=lead_id, campaign="solar-us", campaign_version=1, number=0, fence=1, state="completed",
        direction="inbound", to_number=THEIRS, from_number=OURS, call_sid=call_sid, intent_at=now, intent_real_at=now,
        settled_at=now,
    )  # fmt: skip
