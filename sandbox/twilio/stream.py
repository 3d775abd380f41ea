"""The Media Streams client of one `<Connect><Stream>`: messages out every 20 ms, Twilio's rules for messages in.

`run` lasts until the server closes or the caller cancels it (call over, redirected); either way `stop` is sent while
it still can be, the socket is closed and nothing of this stream plays on. Audio goes into the leg's playback.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import assert_never

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from sandbox.twilio import twiml
from sandbox.twilio.clock import iso8601, vendor_now
from sandbox.twilio.courier import Courier
from sandbox.twilio.faults import Faults
from sandbox.twilio.handshake import Unreachable, open_socket
from sandbox.twilio.ledger import Ledger
from sandbox.twilio.leg import Leg
from sandbox.twilio.records import StreamLog, new_sid
from sandbox.twilio.wire import CONNECTED, SILENT_FRAME, Audio, Breach, Clear, MarkHere, Speller, judge

BACKLOG = 3000  # frames, one minute: the server has long stopped reading (31930)
CLEAN = frozenset({1000, 1001, 1005})


class MediaStream:
    def __init__(self, leg: Leg, verb: twiml.Stream, courier: Courier, faults: Faults, ledger: Ledger) -> None:
        self._leg, self._verb, self._courier, self._faults, self._ledger = leg, verb, courier, faults, ledger
        self._call = leg.call
        self.log = StreamLog(new_sid("MZ"), verb.url, verb.parameters)
        self._call.streams.append(self.log)
        self._speller = Speller(self.log.sid)
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._began_ms = leg.now_ms
        self._breached: set[int] = set()

    async def run(self) -> None:
        try:
            socket = await open_socket(self._verb.url, self._courier.seal(self._verb.url, [], self._call.to))
        except Unreachable as error:
            self.log.ended = f"refused: {error.code}"
            self._complain(Breach(error.code, str(error)))
            self._report("stream-error", f"{error.code}: {error}")
            return
        self._report("stream-started")
        try:
            await self._converse(socket)
        finally:
            self._leg.listener = None
            self._leg.clear()
            with contextlib.suppress(ConnectionClosed, OSError, TimeoutError):
                await asyncio.wait_for(self._leave(socket), 3)
            self._conclude(socket)

    async def _converse(self, socket: ClientConnection) -> None:
        self._outbox.put_nowait(CONNECTED)
        self._announce()
        self._leg.listener = self
        tasks = [asyncio.create_task(work(socket)) for work in (self._write, self._suffer)]
        try:
            await self._read(socket)
        finally:
            for task in tasks:
                task.cancel()

    def _announce(self) -> None:
        to = self._call.to
        if self._faults.on("ws_media_before_start", to):
            for number in range(5):
                self._outbox.put_nowait(self._speller.media(SILENT_FRAME, 20 * number))
        if self._faults.on("ws_no_start", to):
            return
        encoding, rate = (
            ("audio/l16", 16000) if self._faults.on("ws_media_format_other", to) else ("audio/x-mulaw", 8000)
        )
        sid = new_sid("CA") if self._faults.on("ws_wrong_call_sid", to) else self._call.sid
        self._outbox.put_nowait(self._speller.start(self._call.account_sid, sid, self._verb.parameters, encoding, rate))
        self._began_ms = self._leg.now_ms - 100  # the first timestamp seen live is not 0 (155, 171)

    # what the leg tells

    def on_frame(self, frame: bytes, now_ms: int) -> None:
        if self._outbox.qsize() > BACKLOG:
            return self._complain(Breach(31930, "the server does not read"))
        message = self._speller.media(frame, now_ms - self._began_ms)
        self._outbox.put_nowait(message)
        self.log.frames_sent += 1
        if self.log.frames_sent == 50:
            self._garble(message)

    def on_digit(self, digit: str) -> None:
        self._outbox.put_nowait(self._speller.dtmf(digit))

    def on_mark(self, name: str) -> None:
        self.log.marks_echoed.append(name)
        self._outbox.put_nowait(self._speller.mark(name))

    # the socket

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await self._outbox.get())

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                self._act(message)

    def _act(self, message: str | bytes) -> None:
        match judge(message, self.log.sid):
            case Audio(mulaw):
                self.log.media_received += 1
                self.log.bytes_received += len(mulaw)
                if not self._leg.playback.enqueue(mulaw):
                    self._complain(Breach(31931, "more than ten minutes of audio buffered"))
            case MarkHere(name):
                self.log.marks_received += 1
                self._leg.settle(self._leg.playback.mark(name))
            case Clear():
                self.log.clears.append(self._leg.now_ms)
                self._leg.clear()
            case Breach() as breach:
                self._complain(breach)
            case other:
                assert_never(other)

    async def _leave(self, socket: ClientConnection) -> None:
        if socket.close_code is None and not self._faults.on("ws_half_open", self._call.to):
            while not self._outbox.empty():
                await socket.send(self._outbox.get_nowait())
            if not self._faults.on("ws_no_stop", self._call.to):
                await socket.send(self._speller.stop(self._call.account_sid, self._call.sid))
        await socket.close()

    def _conclude(self, socket: ClientConnection) -> None:
        code = socket.close_code
        self.log.ended = f"closed {code}"
        if code in CLEAN:
            return self._report("stream-stopped")
        error = 31903 if code in (1006, None) else 31921
        self._complain(Breach(error, f"the stream ended with {code}"))
        self._report("stream-error", f"{error}: closed {code}")

    # faults

    def _garble(self, message: str) -> None:
        to = self._call.to
        if self._faults.on("ws_gap_seq", to):
            self._speller.sequence += 1
        if self._faults.on("ws_dup_chunk", to):
            self._outbox.put_nowait(message)
        if self._faults.on("ws_bad_json", to):
            self._outbox.put_nowait('{"event":"media",')

    async def _suffer(self, socket: ClientConnection) -> None:
        if self._faults.spend("ws_drop_mid", self._call.to):
            await self._wait_for_trouble()
            socket.transport.abort()
        elif self._faults.on("ws_half_open", self._call.to):
            await self._wait_for_trouble()
            self._leg.listener = None
            socket.transport.pause_reading()
        elif self._faults.on("ws_replay", self._call.to):
            await self._wait_for_trouble()
            await self._replay()

    async def _wait_for_trouble(self) -> None:
        await asyncio.sleep(self._faults.amount("ws_drop_ms", self._call.to, 3000) / 1000)

    async def _replay(self) -> None:
        """Somebody who saw the handshake tries it again with the same start; what came of it is logged."""
        try:
            socket = await open_socket(self._verb.url, self._courier.seal(self._verb.url, [], self._call.to))
        except Unreachable as error:
            self.log.replay = f"refused: {error.code}"
            return
        start = Speller(self.log.sid).start(
            self._call.account_sid, self._call.sid, self._verb.parameters, "audio/x-mulaw", 8000
        )
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            await socket.send(CONNECTED)
            await socket.send(start)
            await asyncio.wait_for(socket.wait_closed(), 5)
        self.log.replay = "accepted" if socket.close_code is None else f"closed {socket.close_code}"
        await socket.close()

    # the record

    def _complain(self, breach: Breach) -> None:
        """Once per stream and code, as the debugger does."""
        if breach.code not in self._breached:
            self._breached.add(breach.code)
            self._ledger.alarm(breach.code, breach.words, self._call)

    def _report(self, event: str, error: str = "") -> None:
        if not self._verb.callback or "stream" in self._faults.words("callbacks_drop", self._call.to):
            return
        params = [
            ("AccountSid", self._call.account_sid),
            ("CallSid", self._call.sid),
            ("StreamSid", self.log.sid),
            ("StreamName", self._verb.name or self.log.sid),
            ("StreamEvent", event),
            ("Timestamp", iso8601(vendor_now())),
        ]
        if error:
            params.append(("StreamError", error))
        self._courier.dispatch(self._verb.callback, self._verb.callback_method, params, event, self._call)
