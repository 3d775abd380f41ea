"""Calls for a load generator: the media process takes them like real ones, and nobody else ever touches them."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from twilio.request_validator import RequestValidator
from typer.testing import CliRunner
from websockets.asyncio.client import connect

from campaign import clock, store
from campaign.errors import Permanent
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead, OutboxEntry, Outcome, Source
from dialer.settle import settle
from dialer.sweep import Recently, sweep
from qualify.wrap_up import wrap_up
from tests.media.exchange import TOKEN, Exchange
from tests.media.test_door import SILENCE, closed
from webhooks.cli import app
from webhooks.commands.bench import CAMPAIGN, seed


async def seeded(line: Exchange, count: int) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(seed(line.settings, count, clock.now())))


def dialed(call: dict[str, Any]) -> Any:
    """All a load generator knows: the document, and the auth token."""
    signature = RequestValidator(TOKEN).compute_signature(call["media_url"], {})
    headers = {"X-Twilio-Signature": signature}
    return connect(call["media_url"], additional_headers=headers, compression=None, proxy=None)


def start(call: dict[str, Any]) -> str:
    details = {
        **{key: call[key] for key in ("accountSid", "callSid", "streamSid", "customParameters")},
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": call["streamSid"], "start": details})


async def test_a_seeded_call_is_taken_once_and_greeted(line: Exchange):
    call, other = await seeded(line, 2)
    assert call["callSid"] != other["callSid"]
    async with dialed(call) as socket, dialed(call) as again:
        await socket.send(start(call))
        await line.until(lambda: call["attempt_id"] in line.board.live, "it is let in")
        await again.send(start(call))
        assert await closed(again) == (1008, "token_used")
        heard = asyncio.create_task(_first_audio(socket))
        stamp = 0
        while not heard.done():
            frame = {"track": "inbound", "chunk": "1", "timestamp": str(stamp), "payload": SILENCE}
            await socket.send(json.dumps({"event": "media", "streamSid": call["streamSid"], "media": frame}))
            stamp += 20
            await asyncio.sleep(0.02)
        await heard
        await socket.send(json.dumps({"event": "stop", "streamSid": call["streamSid"]}))
        story = await line.story(call["attempt_id"])
    assert story.call.ended_by == "caller"
    assert story.call.tape


async def _first_audio(socket: Any) -> None:
    async with asyncio.timeout(20):
        while json.loads(await socket.recv())["event"] != "media":
            pass


async def test_nobody_else_ever_does_anything_with_it(line: Exchange):
    """A day of sweeps after it was seeded, was on the line, and was over: no dial, no reconciling, nothing for the CRM."""
    talked, unused = await seeded(line, 2)
    async with dialed(talked) as socket:
        await socket.send(start(talked))
        await line.until(lambda: talked["attempt_id"] in line.board.live, "it is let in")
        await socket.send(json.dumps({"event": "stop", "streamSid": talked["streamSid"]}))
        await line.story(talked["attempt_id"])
    before = await asyncio.to_thread(_rows, line)
    jobs = await asyncio.to_thread(_a_day_of_sweeps, line, clock.now())
    assert set(jobs) == {(Job.WRAP_UP, talked["attempt_id"])}
    await asyncio.to_thread(wrap_up, line.database, line.settings, talked["attempt_id"], clock.now())
    for call in (talked, unused):
        assert not await asyncio.to_thread(settle, line.database, call["attempt_id"], clock.now() + timedelta(days=1))
    assert await asyncio.to_thread(_rows, line) == before
    with line.database.reading() as session:
        assert session.exec(select(OutboxEntry)).all() == []
        assert session.exec(select(Outcome)).all() == []
        assert session.get_one(Call, talked["attempt_id"]).summary_by == "ledger"


def _a_day_of_sweeps(line: Exchange, now: datetime) -> list[tuple[Job, str]]:
    sent: list[tuple[Job, str]] = []
    for seconds in (1, 5, 11, 15, 21, 30, 60, 125, 3600, 86_400):
        sweep(
            line.database,
            line.settings,
            lambda job, entity: sent.append((job, entity)),
            Recently(),
            [],
            now + timedelta(seconds=seconds),
        )
    return sent


def _rows(line: Exchange) -> list[Any]:
    with line.database.reading() as session:
        return [
            *((lead.id, lead.state, lead.outcome, lead.due_at) for lead in session.exec(select(Lead))),
            *((row.id, row.state, row.settled_at, row.reconcile_at) for row in session.exec(select(Attempt))),
        ]


async def test_its_campaign_has_no_door_and_is_not_active(line: Exchange):
    await seeded(line, 1)
    with line.database.reading() as session:
        assert session.get(Source, CAMPAIGN) is None
        assert CAMPAIGN not in [version.name for version in store.active(session)]


async def test_production_has_no_seeded_calls(line: Exchange):
    with pytest.raises(Permanent, match="set ENVIRONMENT=sandbox"):
        list(seed(line.settings.model_copy(update={"environment": "production"}), 1, clock.now()))


async def test_the_command_writes_them_to_a_file(line: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in (
        ("DATABASE_URL", line.settings.database_url),
        ("TWILIO_ACCOUNT_SID", line.settings.twilio_account_sid),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("MEDIA_PUBLIC_URL", line.settings.media_base),
        ("ENVIRONMENT", "sandbox"),
    ):
        monkeypatch.setenv(name, value)
    path = tmp_path / "calls.json"
    result = await asyncio.to_thread(CliRunner().invoke, app, ["bench", "seed-calls", "3", str(path)])
    assert result.exit_code == 0, result.output
    calls = json.loads(path.read_text())
    assert len({call["attempt_id"] for call in calls}) == 3
    assert calls[0]["media_url"] == f"{line.settings.media_base}/media/{calls[0]['attempt_id']}"
    assert calls[0]["customParameters"].keys() == {"attempt", "token"}
    nowhere = tmp_path / "missing" / "calls.json"
    refused = await asyncio.to_thread(CliRunner().invoke, app, ["bench", "seed-calls", "3", str(nowhere)])
    assert (refused.exit_code, str(refused.exception)) == (
        1,
        f"{nowhere} cannot be written: No such file or directory; name another file",
    )
    with line.database.reading() as session:
        assert len(session.exec(select(Attempt.id)).all()) == 3
