"""Lines carried by `picows`: frames are read and written in C, and each message is a plain call, without task, queue or future.

The library hands over frames; putting fragments together, the size of a whole message and the order of a close are ours.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_connect,
    ws_create_server,
)

from qualify import line
from qualify.line import Answer, Door, Knock, Line, NoLine, Take, Terms

TEXT = WSMsgType.TEXT
READ_BUFFER = 4096
"""Grows when needed; picows' own 16 KiB on each of two lines would be a sixth of what a call may cost."""
BACKLOG = 1024


class PicowsLine(WSListener, Line):
    def __init__(self, terms: Terms) -> None:
        Line.__init__(self)
        self._max_size = terms.max_size
        self._transport: WSTransport = None  # type: ignore[assignment]  # given before anybody has the line
        self._parts: list[bytes] = []
        self._full = False
        self._closed = asyncio.Event()

    def send(self, text: str) -> None:
        self._transport.send(TEXT, text)

    def send_audio(self, text: str) -> None:
        if self._full:
            self.dropped += 1
            return
        self._transport.send(TEXT, text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.cut(code, reason)
        await self._closed.wait()

    def _say_goodbye(self, code: int, reason: str) -> None:
        """Whatever the peer does, the socket is gone soon after."""
        self._transport.send_close(WSCloseCode(code), reason.encode()[:120])
        asyncio.get_running_loop().call_later(line.CLOSE_SECONDS, self._transport.disconnect, False)

    def give_up(self) -> None:
        """Nobody wants this line any more, which may not be open yet; the library bounds how long that takes."""
        self._cut, self._heard = True, line.nobody
        if self._transport is not None:
            self._transport.disconnect(False)

    # --- called by the library ---

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self._cut:
            transport.disconnect(False)
        transport.underlying_transport.set_write_buffer_limits(high=line.MAX_BUFFER)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        try:
            if frame.msg_type is TEXT and frame.fin and not self._parts and frame.payload_size <= self._max_size:
                self._heard(frame.get_payload_as_bytes())
            else:
                self._odd(frame)
        except Exception as error:
            self._broke(error)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        told = transport.close_handshake.recv if transport.close_handshake is not None else None
        self._closed.set()
        self._ended(told.code.value if told is not None else 0, (told.reason or "") if told is not None else "")

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    # --- what is not a whole text message ---

    def _odd(self, frame: WSFrame) -> None:
        match frame.msg_type:
            case WSMsgType.CLOSE:
                self._answer_close(frame)
            case _ if self._transport.is_close_frame_sent:  # the library still hands over a frame it found too big
                return
            case WSMsgType.TEXT | WSMsgType.BINARY if not self._parts:
                self._part(frame)
            case WSMsgType.CONTINUATION if self._parts:
                self._part(frame)
            case WSMsgType.PING | WSMsgType.PONG:
                return
            case _:
                self.cut(WSCloseCode.PROTOCOL_ERROR.value, "fragments out of order")

    def _part(self, frame: WSFrame) -> None:
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > self._max_size:
            self._parts.clear()
            self.cut(line.TOO_BIG, "message too big")
        elif frame.fin:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._heard(whole)

    def _answer_close(self, frame: WSFrame) -> None:
        self._transport.send_close(frame.get_close_code() or WSCloseCode.OK)
        self._transport.disconnect()
        asyncio.get_running_loop().call_later(line.CLOSE_SECONDS, self._transport.disconnect, False)


async def dial(url: str, headers: Mapping[str, str], terms: Terms) -> Line:
    made = PicowsLine(terms)
    try:
        await ws_connect(
            lambda: made,
            url,
            extra_headers=headers,
            max_frame_size=terms.max_size,
            max_redirects=0,
            proxy=None if line.is_local(url) else _proxy(url),
            read_buffer_init_size=READ_BUFFER,
            **_pings(terms),
        )
    except asyncio.CancelledError:
        made.give_up()
        raise
    except WSHandshakeError as error:
        status = error.response.status.value if error.response is not None else 0
        raise NoLine("refused" if status else type(error).__name__, status) from error
    except (OSError, TimeoutError, WSError) as error:
        raise NoLine(type(error).__name__) from error
    return made


def _proxy(url: str) -> str | None:
    """The environment's proxy for this address, as `websockets` would choose it."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    found = getproxies()
    kinds = ("wss", "socks", "https") if parts.scheme == "wss" else ("ws", "socks", "https", "http")
    return next((found[kind] for kind in kinds if kind in found), None)


def _pings(terms: Terms) -> dict[str, Any]:
    """Asked only when nothing has come for a while: a line that speaks is alive."""
    return {
        "enable_auto_ping": True,
        "auto_ping_idle_timeout": terms.ping_seconds,
        "auto_ping_reply_timeout": terms.ping_seconds,
    }


@asynccontextmanager
async def serve(host: str, port: int, door: Door, take: Take, terms: Terms) -> AsyncIterator[int]:
    open_lines: dict[PicowsLine, asyncio.Task[None]] = {}

    def accept(request: WSUpgradeRequest) -> WSListener | WSUpgradeResponseWithListener:
        path = request.path.decode("latin-1")
        answer = door(Knock(path, request.headers.get))
        if answer is not None:
            return WSUpgradeResponseWithListener(_response(answer), None)
        return _Accepted(terms, path)

    class _Accepted(PicowsLine):
        def __init__(self, terms: Terms, path: str) -> None:
            super().__init__(terms)
            self._path = path

        def on_ws_connected(self, transport: WSTransport) -> None:
            super().on_ws_connected(transport)
            open_lines[self] = asyncio.create_task(self._taken())

        async def _taken(self) -> None:
            try:
                await take(self, self._path)
            finally:
                await self.close()
                open_lines.pop(self, None)

    server = await ws_create_server(
        accept,
        host,
        port,
        backlog=BACKLOG,
        max_frame_size=terms.max_size,
        read_buffer_init_size=READ_BUFFER,
        **_pings(terms),
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for made in tuple(open_lines):
            made.cut(WSCloseCode.GOING_AWAY.value, "")
        await asyncio.gather(*open_lines.values(), return_exceptions=True)


def _response(answer: Answer) -> WSUpgradeResponse:
    headers = {"Content-Type": answer.content_type}
    made: WSUpgradeResponse
    if answer.status is HTTPStatus.OK:
        made = WSUpgradeResponse.create_ok_response(answer.body, headers)
    else:
        made = WSUpgradeResponse.create_error_response(answer.status, answer.body, headers)
    return made
