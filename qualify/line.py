"""A WebSocket whose sends don't wait: commands of one decision go out together, in order, with nothing in between.

What a slow peer leaves in the buffer is bounded, and so is what arrives before somebody listens. `line_websockets` and
`line_picows` carry it and say how one is dialed and served; one contract test holds both to the same answers. (realtime.md
rule 13; twilio.md R54, R75)
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

log = structlog.get_logger()
MAX_BUFFER = 1 << 20
"""Bytes that may wait for a peer; audio beyond is dropped. A minute of it, when nothing at all is read."""
MAX_KEPT = 1 << 18
"""Bytes that may arrive before somebody listens."""
CLOSE_SECONDS = 1.0
"""How long a peer gets to answer a close."""
LOST, TOO_BIG, BROKEN, POLICY = 1006, 1009, 1011, 1008
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Ear(Protocol):
    """Who listens to a line. Neither call may wait."""

    def hear(self, message: bytes) -> None:
        """One whole message, text or binary."""

    def gone(self, code: int, reason: str) -> None:
        """The line has ended; called once, and nothing after it."""


class Line:
    """One open connection, the phone's or the model's. Read with `receive` until somebody listens."""

    def __init__(self) -> None:
        self.dropped = 0
        self._ear: Ear | None = None
        self._kept: deque[bytes] = deque()
        self._room = MAX_KEPT
        self._heard: Callable[[bytes], None] = self._keep
        """Whom a message is told: kept until somebody listens, then theirs, nobody's after a cut."""
        self._cut = False
        self._end: tuple[int, str] | None = None
        self._waiter: asyncio.Future[None] | None = None

    def send(self, text: str) -> None:
        raise NotImplementedError

    def send_audio(self, text: str) -> None:
        """Audio is dropped rather than hoarded when the peer doesn't read."""
        raise NotImplementedError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends the line; returns when it is gone."""
        raise NotImplementedError

    def cut(self, code: int, reason: str) -> None:
        """Begin to close without waiting; nothing more is heard."""
        if not self._cut:
            self._cut, self._heard = True, nobody
            self._say_goodbye(code, reason)

    def _say_goodbye(self, code: int, reason: str) -> None:
        raise NotImplementedError

    async def receive(self) -> bytes | None:
        """The next message, or None once the line is gone."""
        while not self._kept:
            if self._end is not None:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        message = self._kept.popleft()
        self._room += len(message)
        return message

    def listen(self, ear: Ear) -> None:
        """From now on everything is told to `ear`, beginning with what came meanwhile."""
        self._ear = ear
        while self._kept and not self._cut:
            self._tell(ear, self._kept.popleft())
        if not self._cut:
            self._heard = ear.hear
        if self._end is not None:
            ear.gone(*self._end)

    # --- for the one that carries it ---

    def _tell(self, ear: Ear, message: bytes) -> None:
        try:
            ear.hear(message)
        except Exception as error:
            self._broke(error)

    def _broke(self, error: Exception) -> None:
        """A bug in one call ends its line, which ends or mends the call."""
        log.exception("a message broke its reader", error=type(error).__name__)
        self.cut(BROKEN, "internal error")

    def _keep(self, message: bytes) -> None:
        self._room -= len(message)
        if self._room < 0:
            self.cut(POLICY, "too much too early")
            return
        self._kept.append(message)
        self._wake()

    def _ended(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = (code or LOST, reason)
            self._wake()
            if self._ear is not None:
                self._ear.gone(*self._end)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def nobody(message: bytes) -> None:
    """Hears nothing."""


# --- dialing and serving, whatever the library ---


class NoLine(Exception):
    """No line could be had; `status` when the other side answered with one."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds on a line: the largest message, how often a silent peer is asked for a sign of life."""

    max_size: int
    ping_seconds: float = 20.0


class Dial(Protocol):
    """Opens a line. No compression: base64 audio doesn't shrink. TLS is verified. Raises `NoLine`."""

    async def __call__(self, url: str, headers: Mapping[str, str], terms: Terms) -> Line: ...


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at the door, before anything is accepted."""

    path: str
    header: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door says instead of letting somebody in."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Door = Callable[[Knock], Answer | None]
Take = Callable[[Line, str], Coroutine[Any, Any, None]]
"""One accepted line and its path, from the first message to the end; the line is closed afterwards."""


class Serve(Protocol):
    """Listens and lets in whom the door does not refuse; yields the port. At the end every line is closed."""

    def __call__(
        self, host: str, port: int, door: Door, take: Take, terms: Terms
    ) -> AbstractAsyncContextManager[int]: ...


def is_local(url: str) -> bool:
    """Whether an address is this machine's own, which no proxy is asked for."""
    return urlsplit(url).hostname in LOOPBACK
