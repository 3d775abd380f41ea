"""A connection has so long to deliver one whole request; then it is cut. uvicorn waits for ever, so that a thousand
half-sent requests would keep every lead out (measured: 1,200 of them against 1,024 file descriptors, for as long as they cared to).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WHOLE_REQUEST_S = 20.0
"""Ample for a 1 MiB lead over a bad line; Twilio and Google send a kilobyte."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience."""

    whole_request_s = WHOLE_REQUEST_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._deadline is None:  # one deadline a request: bytes that trickle in do not extend it
            self._deadline = self.loop.call_later(self.whole_request_s, self._give_up)

    def _stop_waiting(self, *_: Any) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()
