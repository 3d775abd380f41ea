"""`wss …/media/{attempt_id}` on the web port, passed on to the media process, so that one tunnel is enough.

Frames pass untouched and headers are passed on: the media process alone checks the signature and the token. It is asked
first; only when it accepts do we, so a refusal reaches Twilio as a refused upgrade.
"""

import asyncio
import contextlib
from urllib.parse import quote

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from campaign.settings import Settings

log = structlog.get_logger()
router = APIRouter()
# Owned by the hop itself: the client library writes its own.
HOP = frozenset(
    {
        "host",
        "connection",
        "upgrade",
        "content-length",
        "transfer-encoding",
        "sec-websocket-key",
        "sec-websocket-version",
    }
    | {"sec-websocket-extensions", "sec-websocket-protocol"}
)
LARGEST = 1024 * 1024
TRY_AGAIN_LATER = 1013


@router.websocket("/media/{attempt_id}")
async def relay(socket: WebSocket, attempt_id: str) -> None:
    settings: Settings = socket.app.state.ground.settings
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in socket.headers.raw]
    passed = [(name, value) for name, value in headers if name.lower() not in HOP]
    try:
        media = await connect(
            f"ws://127.0.0.1:{settings.media_port}/media/{quote(attempt_id, safe='')}",
            additional_headers=passed,
            user_agent_header=None,
            compression=None,
            ping_interval=None,
            max_size=LARGEST,
            proxy=None,
        )
    except (InvalidHandshake, OSError, TimeoutError) as error:
        log.warning("the media process does not take this call", error=type(error).__name__)
        await socket.close(TRY_AGAIN_LATER)
        return
    await _join(socket, media)


async def _join(socket: WebSocket, media: ClientConnection) -> None:
    """Carry frames both ways until either side ends; the other is closed with the same code."""
    await socket.accept()
    inward = asyncio.create_task(_inward(socket, media))
    outward = asyncio.create_task(_outward(socket, media))
    try:
        await asyncio.wait((inward, outward), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (inward, outward):
            task.cancel()
        await asyncio.gather(inward, outward, return_exceptions=True)
        await media.close()
        with contextlib.suppress(RuntimeError):  # the other side closed first
            await socket.close(_code(media))


async def _inward(socket: WebSocket, media: ClientConnection) -> None:
    """Twilio to media. Text stays text: the wire's JSON is not looked at."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            await media.close(_sendable(message.get("code")))
            return
        text = message.get("text")
        with contextlib.suppress(ConnectionClosed):
            await media.send(text if text is not None else message["bytes"])


async def _outward(socket: WebSocket, media: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, WebSocketDisconnect):
        async for frame in media:
            await (socket.send_text(frame) if isinstance(frame, str) else socket.send_bytes(frame))


def _code(media: ClientConnection) -> int:
    return _sendable(media.close_code)


def _sendable(code: int | None) -> int:
    """1005, 1006 and 1015 describe an ending and must not be sent."""
    return code if code and 1000 <= code <= 4999 and code not in (1004, 1005, 1006, 1015) else 1000
