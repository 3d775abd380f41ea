"""Where our conversation and the carrier meet: machines, late verdicts and transfers, with a real worker and broker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from twilio.request_validator import RequestValidator

from campaign.records import Attempt, Call, CallEvent
from campaign.settings import Settings
from tests.conftest import free_port
from tests.media.exchange import ACCOUNT, CAMPAIGN, FROM, TOKEN, Exchange, World, exchange, settings_for, worker

MESSAGE = "Hi, this is Brightroof about your solar request. We will try you again later. Goodbye."
COLLEAGUE = "+12125550142"
WITH_PEOPLE = CAMPAIGN.replace(
    "{name: Sal, calendar: sal@example.com}",
    f'{{name: Sal, calendar: sal@example.com, phone: "{COLLEAGUE}", hours: {{mon-sun: ["00:00-24:00"]}}}}',
)


WEDNESDAY_NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
"""In New York, whatever the machine's clock says: at night nobody may be rung."""


@pytest.fixture
def settings(
    world: World, sqlite_url: str, valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.setenv("CLOCK_OFFSET", str((WEDNESDAY_NOON - datetime.now(UTC)).total_seconds()))
    return settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)


@pytest.fixture
async def line(
    world: World, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Exchange]:
    with worker(settings, tmp_path / "worker.log"):
        async with exchange(world, settings, getattr(request, "param", CAMPAIGN)) as made:
            yield made


def call_to(line: Exchange, number: str) -> dict[str, Any]:
    return next(call for call in line.world.calls() if call["to"] == number)


async def over(line: Exchange, number: str) -> dict[str, Any]:
    await line.until(lambda: not call_to(line, number)["alive"], "the call ends at the carrier", 60)
    return call_to(line, number)


async def settled(line: Exchange, attempt_id: str) -> Attempt:
    def found() -> bool:
        with line.database.reading() as session:
            return session.get_one(Attempt, attempt_id).settled_at is not None

    await line.until(found, "the attempt is settled", 60)
    with line.database.reading() as session:
        return session.get_one(Attempt, attempt_id)


def events(line: Exchange, attempt_id: str, kind: str) -> list[str]:
    with line.database.reading() as session:
        return list(
            session.exec(select(CallEvent.word).where(CallEvent.attempt_id == attempt_id, CallEvent.kind == kind))
        )


@pytest.mark.parametrize("line", [f'{CAMPAIGN}voicemail: {{action: message, message: "{MESSAGE}"}}\n'], indirect=True)
async def test_a_voicemail_is_left_the_campaigns_message_and_nothing_else(line: Exchange):
    """R57, R61."""
    attempt_id = await line.ring("05")
    call = await over(line, "+12125550105")
    heard = [caption["text"].lower() for caption in call["heard"] if caption["text"].strip()]
    assert heard[-1] == MESSAGE.lower()
    assert sum(MESSAGE.lower() in text for text in heard) == 1
    story = await line.story(attempt_id)
    assert (story.call.reached, story.call.wanted) == ("voicemail", None)
    assert "not_taken_over" not in story.flags
    assert (await settled(line, attempt_id)).disposition == "voicemail"
    assert events(line, attempt_id, "message") == ["left"]
    line.nothing_left()


async def test_a_voicemail_is_hung_up_on_at_the_verdict(line: Exchange):
    attempt_id = await line.ring("05")
    story = await line.story(attempt_id)
    assert (story.call.reached, story.call.wanted, story.call.ended_by) == ("voicemail", None, "system")
    assert (await settled(line, attempt_id)).disposition == "voicemail"


async def test_a_verdict_in_the_middle_of_a_conversation_ends_nothing(line: Exchange):
    """A wrong verdict, signed and all, as late as the person's second answer."""
    line.world.faults("twilio", amd_never=True)
    attempt_id = await line.ring("11")

    def met() -> bool:
        with line.database.reading() as session:
            call = session.get(Call, attempt_id)
            return call is not None and call.reached == "human"

    await line.until(met, "a person is met", 60)
    address = f"{line.settings.public_base}/twilio/{attempt_id}/amd"
    form = {"AccountSid": ACCOUNT, "CallSid": call_to(line, "+12125550111")["sid"], "To": "+12125550111", "From": FROM,
            "AnsweredBy": "machine_end_beep"}  # fmt: skip
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(address, form)}
    assert (await asyncio.to_thread(httpx.post, address, data=form, headers=headers)).status_code == 204
    story = await line.story(attempt_id)
    assert (story.call.reached, story.call.wanted) == ("human", "not_qualified")
    assert "late_machine_verdict" in story.flags
    assert (await settled(line, attempt_id)).disposition == "answered"


@pytest.mark.parametrize("line", [WITH_PEOPLE], indirect=True)
async def test_a_person_who_asks_is_put_through_to_a_colleague(line: Exchange):
    """Whisper, key, bridge; the outcome says that a human took over."""
    attempt_id = await line.ring("04")
    story = await line.story(attempt_id)
    assert "transfer_to_human" in [use.name for use in story.uses]
    assert story.said("note") == "Handing over to Sal."
    call = await over(line, "+12125550104")
    colleague = call_to(line, COLLEAGUE)
    assert colleague["parent_sid"] == call["sid"]
    assert any("Press 1 to take it" in caption["text"] for caption in colleague["heard"])
    assert colleague["digits"] == ["1"]
    assert events(line, attempt_id, "whisper") == ["accepted"]
    assert events(line, attempt_id, "dial_done") == ["bridged"]
    await settled(line, attempt_id)
    assert (await line.story(attempt_id)).lead.state == "needs_human"
    line.nothing_left()


@pytest.mark.parametrize("line", [WITH_PEOPLE], indirect=True)
async def test_a_colleague_who_does_not_answer_is_apologised_for(line: Exchange):
    line.world.script(COLLEAGUE, [], answer="busy")
    attempt_id = await line.ring("04")
    call = await over(line, "+12125550104")
    assert "nobody can take your call right now" in call["heard"][-1]["text"]
    assert events(line, attempt_id, "dial_done") == ["busy"]
    await settled(line, attempt_id)
    assert (await line.story(attempt_id)).lead.state == "needs_human"
