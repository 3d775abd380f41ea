"""One answered telephone: what is played into it and what comes out of it, one 20 ms frame each way per tick.

Owns the playback clock. Whatever performs TwiML queues audio here; a Media Stream, a tape, a bridged telephone or a
Gather listen here. A mark is either a name to echo on the stream or a future of ours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from sandbox.twilio.callee import Callee
from sandbox.twilio.playback import Playback
from sandbox.twilio.records import Call
from sandbox.twilio.tape import Tape
from sandbox.twilio.wire import SILENT_FRAME

Mark = str | asyncio.Future[None]
RING_EVERY_MS = 2000


class Listener(Protocol):
    """Who gets the callee's side of the line."""

    def on_frame(self, frame: bytes, now_ms: int) -> None: ...
    def on_digit(self, digit: str) -> None: ...
    def on_mark(self, name: str) -> None: ...


class Leg:
    def __init__(self, call: Call, callee: Callee) -> None:
        self.call, self.callee = call, callee
        self.playback: Playback[Mark] = Playback()
        self.listener: Listener | None = None
        self.peer: Leg | None = None
        self.tapes: list[Tape] = []
        self.ringing = False  # a telephone is being rung for this one: heard as ringing, which is no talk
        self.over = asyncio.Event()
        self.now_ms = 0
        self.on_digit: Callable[[str], None] | None = None

    def answer(self) -> None:
        self.callee.answer()

    def tick(self) -> None:
        if self.over.is_set():
            return
        if self.ringing and self.now_ms % RING_EVERY_MS == 0:
            self.callee.rings(self.now_ms)
        self.settle(self.playback.due())
        played = self.playback.take(160)
        self.call.heard_bytes += len(played)
        playing = SILENT_FRAME if not played else played.ljust(160, b"\xff")
        emitted = self.callee.tick(playing, self.now_ms)
        for tape in self.tapes:
            tape.add(emitted.frame, playing)
        if self.listener is not None:
            self.listener.on_frame(emitted.frame, self.now_ms)
        if self.peer is not None and emitted.frame is not SILENT_FRAME:
            self.peer.playback.enqueue(emitted.frame)
        for digit in emitted.digits:
            self._press(digit)
        self.now_ms += 20
        if emitted.hung_up or self.now_ms >= self.call.time_limit * 1000:
            self.hang_up()

    def _press(self, digit: str) -> None:
        self.call.digits.append(digit)
        if self.listener is not None:
            self.listener.on_digit(digit)
        if self.on_digit is not None:
            self.on_digit(digit)

    def settle(self, marks: list[Mark]) -> None:
        for mark in marks:
            if isinstance(mark, str):
                if self.listener is not None:
                    self.listener.on_mark(mark)
            elif not mark.done():
                mark.set_result(None)

    def clear(self) -> None:
        """Silence now: nothing queued will be heard, every pending mark is due."""
        flushed = self.playback.clear()
        self.callee.interrupted(self.now_ms)
        self.settle(flushed)

    async def play(self, mulaw: bytes) -> None:
        """Until it has been heard."""
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.playback.enqueue(mulaw)
        self.settle(self.playback.mark(heard))
        await heard

    def hang_up(self) -> None:
        if not self.over.is_set():
            self.over.set()
            self.call.hung_up_at = time.time()
            self.callee.leave(self.now_ms)
