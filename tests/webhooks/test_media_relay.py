"""One port is enough: a call's socket goes through the web process untouched, and a refusal arrives as a refusal."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from campaign.database import Database
from campaign.settings import Settings
from tests.webhooks.sockets import serving
from webhooks.http_app import create_app


@dataclass
class Media:
    """A media process that says back what it hears, and closes with the code it is asked for."""

    port: int = 0
    headers: list[Any] = field(default_factory=list)
    ended: "asyncio.Queue[int | None]" = field(default_factory=asyncio.Queue)

    async def hold(self, socket: ServerConnection) -> None:
        assert socket.request
        self.headers.append((socket.request.path, socket.request.headers))
        try:
            async for frame in socket:
                if isinstance(frame, str) and frame.startswith("close "):
                    await socket.close(int(frame.split()[1]))
                    return
                await socket.send(frame)
        finally:
            await socket.wait_closed()
            self.ended.put_nowait(socket.close_code)

    def admit(self, socket: ServerConnection, request: Any) -> Any:
        return None if request.headers.get("X-Twilio-Signature") == "good" else socket.respond(403, "no")


@pytest.fixture
async def media() -> AsyncIterator[Media]:
    made = Media()
    async with serve(made.hold, "127.0.0.1", 0, process_request=made.admit) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@pytest.fixture
async def relayed(settings: Settings, database: Database, media: Media) -> AsyncIterator[str]:
    async with serving(create_app(settings.model_copy(update={"media_port": media.port}))) as url:
        yield url.replace("http", "ws")


async def test_frames_and_headers_pass_untouched(relayed: str, media: Media) -> None:
    headers = {"X-Twilio-Signature": "good", "User-Agent": "Twilio.TmeWs/1.0"}
    async with connect(f"{relayed}/media/att_1", additional_headers=headers, user_agent_header=None) as call:
        for frame in ('{"event":"media","media":{"payload":"/v7+"}}', "ünïcode", b"\x00\xff", "x" * 60_000):
            await call.send(frame)
            assert await call.recv() == frame
    path, seen = media.headers[0]
    assert (path, seen["User-Agent"]) == ("/media/att_1", "Twilio.TmeWs/1.0")
    assert await asyncio.wait_for(media.ended.get(), 5) == 1000


@pytest.mark.parametrize("code", [1000, 1008, 4001])
async def test_the_media_process_may_close_with_its_own_code(relayed: str, code: int) -> None:
    async with connect(f"{relayed}/media/att_1", additional_headers={"X-Twilio-Signature": "good"}) as call:
        await call.send(f"close {code}")
        with pytest.raises(websockets.ConnectionClosed):
            await call.recv()
        assert call.close_code == code


async def test_a_caller_that_vanishes_ends_the_media_side(relayed: str, media: Media) -> None:
    call = await connect(f"{relayed}/media/att_1", additional_headers={"X-Twilio-Signature": "good"})
    await call.send("hello")
    assert await call.recv() == "hello"
    call.transport.abort()
    await asyncio.wait_for(media.ended.get(), 5)


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "bad"}])
async def test_a_refusal_is_a_refused_upgrade(relayed: str, media: Media, headers: dict[str, str]) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(f"{relayed}/media/att_1", additional_headers=headers)
    assert refused.value.response.status_code == 403
    assert media.headers == []


async def test_no_media_process_is_a_refused_upgrade(settings: Settings, database: Database) -> None:
    async with serving(create_app(settings.model_copy(update={"media_port": 1}))) as url:
        with pytest.raises(websockets.InvalidStatus):
            await connect(f"{url.replace('http', 'ws')}/media/att_1")
