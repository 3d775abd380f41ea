"""Where our conversation and the carrier meet: machines and late verdicts, with a real worker and broker."""

import asyncio
from collections.abc import AsyncIterator
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


@pytest.fixture
def settings(world: World, sqlite_url: str, valkey_url: str, tmp_path: Path) -> Settings:
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


async def test_a_screener_that_the_carrier_takes_for_a_machine_is_waited_out(line: Exchange):
    """R57: verdict in the middle of its words; neither the conversation nor the worker hangs up, and the person books."""
    line.world.faults("twilio", amd_verdict="machine_end_silence", amd_at_ms=4200, to="+12125550191")
    attempt_id = await line.ring("91")
    story = await line.story(attempt_id)
    assert (story.call.reached, story.call.wanted) == ("human", "booked")
    assert (await settled(line, attempt_id)).answered_by == "machine_end_silence"
    line.nothing_left()


async def test_a_verdict_that_came_before_anybody_listened_is_not_lost(line: Exchange):
    """R56: told before the stream opened, and read from the row: the model knows the person's form at the greeting."""
    line.world.faults("twilio", amd_verdict="human", amd_at_ms=0, to="+12125550114")
    attempt_id = await line.ring("14", message="ring twice")

    def told() -> bool:
        return any("ring twice" in str(session["frames"]) for session in line.world.sessions())

    await line.until(told, "the model is told about the person", 30)
    await line.until(lambda: bool(call_to(line, "+12125550114")["heard"]), "the greeting is heard", 30)
    story = await line.story(attempt_id)
    assert story.call.reached == "nobody"
