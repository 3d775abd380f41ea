"""Who gets in, and who doesn't: before a word is said."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from campaign.records import Attempt, Call
from tests.media.exchange import ACCOUNT, TOKEN, Exchange

SILENCE = "/" * 216


def signature(line: Exchange, path: str, token: str = TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(line.settings.media_base + path, {})}


def knock(line: Exchange, path: str, headers: dict[str, str] | None = None) -> Any:
    return connect(
        f"ws://127.0.0.1:{line.settings.media_port}{path}",
        additional_headers=headers or {},
        compression=None,
        proxy=None,
    )


async def attempt(line: Exchange, token: str = "once") -> str:
    attempt_id = await asyncio.to_thread(line._prepare, "+12125550101", "Maria", {})
    with line.database.transaction() as session:
        row = session.get(Attempt, attempt_id)
        assert row is not None
        row.state, row.call_sid, row.token_sha256 = (
            "in_progress",
            f"CA{attempt_id[4:]}",
            sha256(token.encode()).hexdigest(),
        )
        session.add(row)
    return attempt_id


def start(attempt_id: str, token: str = "once", **changes: Any) -> str:
    details = {
        "streamSid": "MZ1",
        "callSid": f"CA{attempt_id[4:]}",
        "accountSid": ACCOUNT,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    } | changes
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": details, "streamSid": "MZ1"})


async def read_on(socket: ClientConnection) -> None:
    while True:
        await asyncio.wait_for(socket.recv(), 20)


async def closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    with pytest.raises(ConnectionClosed):
        await read_on(socket)
    return socket.close_code, socket.close_reason


@pytest.mark.parametrize(
    ("path", "status"),
    [("/media/att_1", 403), ("/", 404), ("/media/att_1?x=1", 404), ("/media/", 404), ("/media/a/b", 404)],
)
async def test_unsigned_upgrades_are_refused_before_accepting(line: Exchange, path: str, status: int):
    """R52."""
    with pytest.raises(InvalidStatus) as refused:
        await knock(line, path)
    assert refused.value.response.status_code == status


async def test_signatures_of_another_path_or_key_are_refused(line: Exchange):
    """R52."""
    for headers in (
        signature(line, "/media/other"),
        signature(line, "/media/att_1", "another_token"),
        {"X-Twilio-Signature": "x"},
    ):
        with pytest.raises(InvalidStatus) as refused:
            await knock(line, "/media/att_1", headers)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("token", "changes", "code"),
    [
        ("wrong", {}, "wrong_call"),
        ("once", {"callSid": "CAother"}, "wrong_call"),
        ("once", {"accountSid": "ACother"}, "wrong_account"),
        ("once", {"mediaFormat": {"encoding": "audio/l16", "sampleRate": 16000, "channels": 1}}, "wrong_format"),
    ],
)
async def test_a_start_must_belong_to_the_attempt(line: Exchange, token: str, changes: dict[str, Any], code: str):
    """R53, R62."""
    attempt_id = await attempt(line)
    async with knock(line, f"/media/{attempt_id}", signature(line, f"/media/{attempt_id}")) as socket:
        await socket.send(start(attempt_id, token, **changes))
        assert await closed(socket) == (1008, code)


async def test_a_token_opens_once(line: Exchange):
    """R53."""
    attempt_id = await attempt(line)
    path = f"/media/{attempt_id}"
    async with knock(line, path, signature(line, path)) as first, knock(line, path, signature(line, path)) as second:
        await first.send(start(attempt_id))
        await line.until(lambda: attempt_id in line.board.live, "the first gets in")
        await second.send(start(attempt_id))
        assert await closed(second) == (1008, "token_used")
    story = await line.story(attempt_id)
    assert isinstance(story.call, Call)
    line.nothing_left()


async def test_audio_before_its_start_is_refused(line: Exchange):
    """R54."""
    async with knock(line, "/media/att_1", signature(line, "/media/att_1")) as socket:
        await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        await socket.send(json.dumps({"event": "media", "media": {"track": "inbound", "payload": SILENCE}}))
        assert await closed(socket) == (1008, "no_start")


async def test_a_start_must_come_in_time(line: Exchange):
    """R54: five seconds."""
    async with knock(line, "/media/att_1", signature(line, "/media/att_1")) as socket:
        assert await closed(socket) == (1008, "no_start")


async def test_giant_messages_close_the_socket(line: Exchange):
    """R54."""
    async with knock(line, "/media/att_1", signature(line, "/media/att_1")) as socket:
        await socket.send("x" * 70_000)
        assert (await closed(socket))[0] == 1009


async def test_health_readiness_and_metrics(line: Exchange):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.settings.media_port}") as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert "firstring_media_live_calls" in (await http.get("/metrics")).text
        line.board.draining = True
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200
    with pytest.raises(InvalidStatus) as refused:
        await knock(line, "/media/att_1", signature(line, "/media/att_1"))
    assert refused.value.response.status_code == 503
