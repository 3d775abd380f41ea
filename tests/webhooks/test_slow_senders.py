"""Half a request is not waited for; a whole one, a second one on the same line and a socket are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from webhooks.slow_senders import PatientProtocol


class Hasty(PatientProtocol):
    whole_request_s = 0.3


async def _door(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("heard")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await asyncio.sleep(2 * Hasty.whole_request_s)
    await socket.send_text("still here")
    await socket.close()


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/", _door, methods=["GET", "POST"]), WebSocketRoute("/socket", _socket)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Hasty, log_level="error"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


@pytest.mark.parametrize(
    "half", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nX-", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal"]
)
async def test_half_a_request_is_cut_off(half: bytes) -> None:
    async with serving() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(half)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        finally:
            writer.close()


async def test_whole_requests_are_served_one_after_the_other() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"heard" in await reader.readuntil(b"heard")
            await asyncio.sleep(2 * Hasty.whole_request_s)
        writer.close()


async def test_a_websocket_outlives_the_patience() -> None:
    async with serving() as port, connect(f"ws://127.0.0.1:{port}/socket", proxy=None) as socket:
        assert await socket.recv() == "still here"
