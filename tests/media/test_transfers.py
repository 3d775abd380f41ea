"""A call handed to colleagues and taken over by supervisors, with a real worker, broker, carrier and model of ours."""

from typing import Any

import httpx
import pytest

from dialer import handover
from tests.media.exchange import CAMPAIGN, Exchange
from tests.media.test_carrier_side import call_to, events, line, over, settings, settled

__all__ = ["line", "settings"]
CALLER, COLLEAGUE = "+12125550104", "+12125550142"
ALWAYS = 'hours: {mon-sun: ["00:00-24:00"]}'


def team(*numbers: str) -> str:
    """A roster of people with these phones, always at work."""
    people = [
        f'  - {{name: C{at}, calendar: c{at}@example.com, phone: "{n}", {ALWAYS}}}' for at, n in enumerate(numbers, 1)
    ]
    return CAMPAIGN[: CAMPAIGN.index("people:")] + "people:\n" + "\n".join(people) + "\n"


async def order(line: Exchange, attempt_id: str, **fields: str) -> int:
    address = f"{line.settings.public_base}/calls/{attempt_id}/orders"
    headers = {"authorization": f"Bearer {line.settings.bearer_token}"}
    async with httpx.AsyncClient(timeout=30) as http:
        return (await http.post(address, json=fields, headers=headers)).status_code


async def talking(line: Exchange, number: str) -> None:
    """Until the person has heard the greeting and answered it."""

    def answered() -> bool:
        return any(call["to"] == number and len(call["said"]) >= 2 for call in line.world.calls())

    await line.until(answered, "the person talks with the agent", 60)


def heard(call: dict[str, Any]) -> str:
    return " ".join(caption["text"] for caption in call["heard"])


@pytest.mark.parametrize("line", [team(COLLEAGUE)], indirect=True)
async def test_a_colleague_hears_what_it_is_about_and_takes_the_call(line: Exchange):
    """R84, R86: whisper, key, bridge; one order to the carrier, with a limit that covers the talk."""
    attempt_id = await line.ring("04")
    story = await line.story(attempt_id)
    assert story.said("note") == "Handing over to C1."
    call = await over(line, CALLER)
    colleague = call_to(line, COLLEAGUE)
    assert colleague["parent_sid"] == call["sid"]
    assert "Maria is on the line for Brightroof." in story.call.brief
    assert "real person" in story.call.brief
    assert "press 1 to take it" in heard(colleague).lower()
    assert CALLER not in story.call.brief
    assert colleague["digits"] == ["1"]
    assert call["time_limit"] > 3600
    assert "not_taken_over" not in story.flags, "R83: the carrier ended our stream, not we"
    assert events(line, attempt_id, "dial_done") == ["bridged"]
    await settled(line, attempt_id)
    lead = (await line.story(attempt_id)).lead
    assert (lead.state, lead.reason, lead.callback_at) == ("needs_human", "put_through", None)
    line.nothing_left()


@pytest.mark.parametrize("line", [team("+12125550194", "+12125550191")], indirect=True)
async def test_when_nobody_takes_the_call_the_agent_comes_back_and_promises_one(line: Exchange):
    """One is busy, one presses another key: answered is not taken, and nobody is greeted twice. (R86, R87)"""
    attempt_id = await line.ring("04")
    await line.until(lambda: len(call_streams(line)) == 2, "the call comes back", 110)
    call = await over(line, CALLER)
    assert events(line, attempt_id, "whisper") == ["declined"]
    assert sorted(events(line, attempt_id, "dial_done")) == ["busy", "completed"]
    assert heard(call).count("an AI assistant calling for Brightroof") == 1
    assert "Nobody is free right now. Someone will call you back." in heard(call)
    attempt = await settled(line, attempt_id)
    assert attempt.disposition == "answered"
    story = await line.story(attempt_id)
    assert (story.lead.state, story.lead.reason) == ("needs_human", "callback_promised")
    assert story.lead.callback_at is not None
    seqs = [turn.seq for turn in story.turns]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [turn.started_ms for turn in story.turns] == sorted(turn.started_ms for turn in story.turns)
    assert story.call.flags.count({"flag": "needs_callback", "detail": "nobody took the transfer"}) == 1
    assert story.call.cost_usd > 0
    assert story.call.summary
    line.nothing_left()


@pytest.mark.parametrize("line", [team("+12125550192")], indirect=True)
async def test_a_voicemail_never_wins(line: Exchange):
    """R86: it answers, talks, beeps, and presses nothing; the agent takes the call back."""
    attempt_id = await line.ring("04")
    await line.until(lambda: len(call_streams(line)) == 2, "the call comes back", 100)
    assert "leave a message" in " ".join(said["text"] for said in call_to(line, "+12125550192")["said"])
    assert events(line, attempt_id, "whisper") == []
    assert events(line, attempt_id, "dial_done") == ["completed"]
    await over(line, CALLER)


def call_streams(line: Exchange) -> list[Any]:
    return list(call_to(line, CALLER)["streams"])


@pytest.mark.parametrize("line", [team(COLLEAGUE)], indirect=True)
async def test_a_supervisor_takes_over_by_phone(line: Exchange):
    """The agent is silenced and the carrier told before anything else happens; the caller hears who comes."""
    attempt_id = await line.ring("01")
    await talking(line, "+12125550101")
    assert await order(line, attempt_id, order="whisper", text="Be brief.", by="Ann") == 202
    assert await order(line, attempt_id, order="take_over", person="C1", by="Ann") == 202
    story = await line.story(attempt_id)
    notes = story.said("note").splitlines()
    assert notes == ["Ann whispered to the agent: Be brief.", "Ann takes over.", "Handing over to C1."]
    after = [turn for turn in story.turns if turn.role == "agent" and turn.started_ms > story.turns[-1].started_ms]
    assert after == [], "not a word of the agent's came after the order"
    call = await over(line, "+12125550101")
    assert "putting you through to C1" in heard(call)
    assert call_to(line, COLLEAGUE)["digits"] == ["1"]
    assert events(line, attempt_id, handover.TAKE_OVER) == ["C1"]
    assert events(line, attempt_id, "dial_done") == ["bridged"]
    assert await order(line, attempt_id, order="hang_up", by="Ann") == 409
    await settled(line, attempt_id)
    assert (await line.story(attempt_id)).lead.reason == "put_through"
    line.nothing_left()


@pytest.mark.parametrize("line", [team("+12125550194")], indirect=True)
async def test_a_supervisor_who_is_busy_costs_the_caller_nothing(line: Exchange):
    """The agent goes on to the question it was on its way to."""
    attempt_id = await line.ring("11")
    await talking(line, "+12125550111")
    assert await order(line, attempt_id, order="take_over", person="C1", by="Ann") == 202
    call = await over(line, "+12125550111")
    assert len(call["streams"]) == 2
    assert heard(call).count("an AI assistant calling for Brightroof") == 1
    await settled(line, attempt_id)
    story = await line.story(attempt_id)
    assert (story.lead.state, story.call.wanted) == ("not_qualified", "not_qualified")
    assert "needs_callback" not in story.flags


@pytest.mark.parametrize("line", [team(COLLEAGUE)], indirect=True)
async def test_r84_a_limit_the_carrier_refuses_does_not_cost_the_transfer(line: Exchange):
    """R84."""
    line.world.faults("twilio", time_limit_13216=1)
    attempt_id = await line.ring("04")
    await over(line, CALLER)
    assert events(line, attempt_id, "dial_done") == ["bridged"]


@pytest.mark.parametrize("line", [team(COLLEAGUE)], indirect=True)
async def test_r89_a_connect_that_reports_its_end_on_the_redirect_changes_nothing(line: Exchange):
    """R89."""
    line.world.faults("twilio", connect_end_on_redirect=True)
    attempt_id = await line.ring("04")
    await over(line, CALLER)
    assert events(line, attempt_id, "dial_done") == ["bridged"]
