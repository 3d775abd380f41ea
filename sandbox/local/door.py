"""The ASGI door before a sandbox server: it obeys the faults, keeps the request log, answers `/_sandbox/...` untouched.

A dropped connection is really cut (TCP abort), which ASGI alone cannot do: `AbortableProtocol` lends the door its
transport.
"""

import asyncio
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any, assert_never

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.local.faults import DropAfter, DropBefore, Faults, Refuse, Stall

_TRANSPORT = "sandbox.transport"
Word = Callable[[Refuse], Response]


class AbortableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the transport put where the door finds it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


class FaultDoor:
    def __init__(self, app: ASGIApp, faults: Faults, word: Word) -> None:
        self._app = app
        self._faults = faults
        self._word = word
        self.log: deque[dict[str, Any]] = deque(maxlen=2000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            await self._app(scope, receive, send)
            return
        entry: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": None}
        self.log.append(entry)
        if self._faults.latency_ms:
            await asyncio.sleep(self._faults.latency_ms / 1000)
        await self._pass(scope, receive, _noting(entry, send))

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.next_for(scope["method"], scope["path"])
        match fault:
            case None:
                await self._app(scope, receive, send)
            case Refuse():
                await self._word(fault)(scope, receive, send)
            case Stall(seconds):
                await asyncio.sleep(seconds)
                await self._app(scope, receive, send)
            case DropBefore():
                _cut(scope)
            case DropAfter():
                await self._app(scope, receive, _swallow)
                _cut(scope)
            case _:
                assert_never(fault)


def _noting(entry: MutableMapping[str, Any], send: Send) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry["status"] = message["status"]
        await send(message)

    return noted


async def _swallow(_message: Message) -> None:
    """The answer nobody will read."""


def _cut(scope: Scope) -> None:
    scope["extensions"][_TRANSPORT]["transport"].abort()
