"""People who ring us back: answered by the agent with what is known of them, over real sockets and real speech."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
from sqlmodel import col, select

from campaign import clock, ids
from campaign.records import Attempt, InboundCall, Lead, Promise
from campaign.suppression import suppressed
from dialer import settle
from tests.media.exchange import FROM, Exchange
from tests.media.test_calls import violations


def known_lead(line: Exchange, number: str, **changes: Any) -> str:
    """A lead that was rung an hour ago, in vain, and is to be rung again in two."""
    now = clock.now()
    with line.database.transaction() as session:
        lead = Lead(
            id=ids.new("lead"), campaign=line.campaign, source="website", external_id=ids.new("x"), first_name="Maria",
            phone=number, country="US", state="scheduled", due_at=now + timedelta(hours=2), priority=2, attempts=1,
            received_at=now, updated_at=now,
        )  # fmt: skip
        for name, value in changes.items():
            setattr(lead, name, value)
        session.add(lead)
        session.flush()
        missed = Attempt(
            id=ids.new("att"), lead_id=lead.id, campaign=line.campaign, campaign_version=1, number=1, fence=1,
            state="no_answer", to_number=number, from_number=FROM, call_sid="CA" + ids.new("x"),
            intent_at=now - timedelta(hours=1), intent_real_at=now, placed_at=now - timedelta(hours=1),
            settled_at=now - timedelta(hours=1),
        )  # fmt: skip
        session.add(missed)
    return lead.id


async def rings_us(line: Exchange, number: str) -> str:
    """The person of this number rings ours; the call's sid."""
    base = f"{line.settings.public_base}/twilio/inbound"
    configured = {"number": FROM, "voice_url": base, "status_callback": f"{base}/status"}
    async with httpx.AsyncClient(base_url=line.world.twilio) as twilio:
        (await twilio.post("/_sandbox/numbers", json=configured)).raise_for_status()
        answer = await twilio.post("/_sandbox/calls/inbound", json={"from": number, "to": FROM})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sid"])


def attempt_of(line: Exchange, call_sid: str) -> Attempt | None:
    with line.database.reading() as session:
        return session.exec(select(Attempt).where(Attempt.call_sid == call_sid)).first()


async def settled(line: Exchange, attempt_id: str) -> Lead:
    """The lead, once the call of theirs has been settled as a worker would."""

    def done() -> bool:
        settle.settle(line.database, attempt_id, clock.now() + timedelta(minutes=2))
        with line.database.reading() as session:
            return session.get_one(Attempt, attempt_id).settled_at is not None

    await line.until(done, "their call is settled")
    with line.database.reading() as session:
        return session.get_one(Lead, session.get_one(Attempt, attempt_id).lead_id)


async def test_four_people_ring_us_back_at_once(line: Exchange):
    """Missed-call returns: each is answered at once, and what was planned for them is ended, stopped or kept."""
    await asyncio.gather(_is_known_and_declines(line), _says_stop(line), _hangs_up(line), _is_a_stranger(line))
    await line.until(lambda: not any(call["alive"] for call in line.world.calls()), "calls live on at the carrier")
    assert violations(line) == []
    line.nothing_left()


async def _is_known_and_declines(line: Exchange) -> None:
    """Disclosure and notice first, in the words for those who ring us; the outcome ends what was planned."""
    lead_id = known_lead(line, "+12125550103")
    attempt_id = await _attempt(line, await rings_us(line, "+12125550103"))
    with line.database.reading() as session:
        attempt = session.get_one(Attempt, attempt_id)
        assert (attempt.direction, attempt.to_number, attempt.from_number) == ("inbound", "+12125550103", FROM)
        assert session.get_one(Lead, lead_id).state == "in_call"
    story = await line.story(attempt_id)
    assert story.call.wanted == "declined"
    said = story.said("agent")
    assert said.startswith("Thanks for calling Brightroof. This is Ava, an AI assistant.")
    assert "This call is recorded." in said
    assert "You just asked us" not in said
    lead = await settled(line, attempt_id)
    assert (lead.state, lead.due_at, lead.attempts) == ("declined", None, 1)


async def _says_stop(line: Exchange) -> None:
    """An opt-out heard on a call they placed suppresses like any other."""
    known_lead(line, "+12125550109")
    attempt_id = await _attempt(line, await rings_us(line, "+12125550109"))
    assert (await line.story(attempt_id)).call.wanted == "opted_out"
    with line.database.reading() as session:
        assert suppressed(session, "+12125550109", "solar-us") is not None
    assert (await settled(line, attempt_id)).state == "opted_out"


async def _hangs_up(line: Exchange) -> None:
    """Nothing new came of their call: the due time, its priority and the promise stand."""
    due = clock.now() + timedelta(hours=2)
    lead_id = known_lead(line, "+12125550177", callback_at=due, due_at=due, priority=0, outcome="callback")
    with line.database.transaction() as session:
        made_in = session.exec(select(Attempt.id).where(Attempt.lead_id == lead_id)).one()
        promise = Promise(
            id=ids.new("prm"), lead_id=lead_id, campaign="solar-us", attempt_id=made_in, due_at=due, made_at=clock.now()
        )
        session.add(promise)
    line.world.script("+12125550177", [{"after_agent_ms": 100, "hang_up": True}])
    attempt_id = await _attempt(line, await rings_us(line, "+12125550177"))
    await line.story(attempt_id)
    lead = await settled(line, attempt_id)
    assert (lead.state, lead.priority, lead.due_at, lead.callback_at) == ("scheduled", 0, due, due)
    assert (lead.outcome, lead.reason) == ("callback", "they_rang_us")
    with line.database.reading() as session:
        assert session.exec(select(Promise.state).where(Promise.lead_id == lead_id)).one() == "open"


async def _is_a_stranger(line: Exchange) -> None:
    """The fixed answer, and the key that removes a number."""
    line.world.script("+12125550188", [{"at_ms": 2500, "press": "9"}])
    call_sid = await rings_us(line, "+12125550188")

    def removed() -> bool:
        with line.database.reading() as session:
            return suppressed(session, "+12125550188", "solar-us") is not None

    await line.until(removed, "the number is removed")
    with line.database.reading() as session:
        call = session.exec(select(InboundCall).where(col(InboundCall.call_sid) == call_sid)).one()
    assert (call.answer, call.lead_id, call.attempt_id, call.campaign) == ("message", None, None, "solar-us")


async def _attempt(line: Exchange, call_sid: str) -> str:
    await line.until(lambda: attempt_of(line, call_sid), "their call is an attempt")
    attempt = attempt_of(line, call_sid)
    assert attempt is not None
    return attempt.id
