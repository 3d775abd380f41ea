"""The WebSocket shell: frames in, the core's events out, one timer. No decision is made here.

Plain ASGI messages instead of a framework's socket object keep an appended 20 ms frame near 30 μs. A pump task alone
sends, so order is the core's. Two things ASGI cannot do, cutting the TCP line and going deaf, are done on the
transport that `OpenProtocol` lends.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

import msgspec
from starlette.types import Receive, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from sandbox.realtime.session import Session
from sandbox.realtime.stage import Cut, Freeze, Hang, Output
from sandbox.realtime.stage import Send as SendEvent

PROTOCOL_KEY = "sandbox.protocol"
_encode = msgspec.json.Encoder().encode


class OpenProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, with itself put where the shell finds it."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][PROTOCOL_KEY] = {"protocol": self}
        await super().run_asgi()


class Socket:
    def __init__(self, session: Session, receive: Receive, send: Send, protocol: OpenProtocol) -> None:
        self.session = session
        self._receive, self._send, self._protocol = receive, send, protocol
        self._news = asyncio.Event()
        self._sleeping_until: float | None = 0.0

    async def serve(self) -> None:
        """Until either side ends it. The handshake was accepted before."""
        both = {asyncio.create_task(self._read()), asyncio.create_task(self._pump())}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        for task in done:
            task.result()  # a bug of ours is raised here, and uvicorn prints it

    def poke(self, change: Callable[[Session, float], None] | None = None) -> None:
        """Something changed from outside (a fault, for example): look again."""
        if change:
            change(self.session, time.monotonic())
        self._news.set()

    def cut(self) -> None:
        """End the TCP line without a word."""
        self._protocol.transport.abort()

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self.session.closed_by_client(message.get("code") or 1005, time.monotonic())
                return
            self.session.receive(message.get("text") or message.get("bytes") or b"", time.monotonic())
            due = self.session.next_at()
            if due is not None and (self._sleeping_until is None or due < self._sleeping_until):
                self._news.set()

    async def _pump(self) -> None:
        while True:
            for output in self.session.advance(time.monotonic()):
                await self._carry_out(output)
            self._news.clear()
            self._sleeping_until = self.session.next_at()
            timeout = None if self._sleeping_until is None else max(0.0, self._sleeping_until - time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), timeout)

    async def _carry_out(self, output: Output) -> None:
        match output:
            case SendEvent(event):
                await self._send({"type": "websocket.send", "text": _encode(event).decode()})
            case Hang(code, reason):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
            case Cut():
                self.cut()
            case Freeze():
                self._protocol.transport.pause_reading()
