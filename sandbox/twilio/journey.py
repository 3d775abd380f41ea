"""The way of one call through the network: queue, dialing, ringing, answer, performance, end. One task per call.

Everything that can end it early arrives as `end(status)`; every ending passes `_finish`, so a call always becomes
terminal, its recording is closed and its telephone leaves the metronome.
"""

from __future__ import annotations

import asyncio
import contextlib

from sandbox.twilio import amd
from sandbox.twilio.callee import Callee
from sandbox.twilio.documents import Fallback, Source
from sandbox.twilio.exchange import Exchange
from sandbox.twilio.fates import Fate
from sandbox.twilio.leg import Leg
from sandbox.twilio.performance import Performance
from sandbox.twilio.records import Call

SETUP_S = 0.05  # between leaving the queue and the first ring
LOOK_S = 0.05


class Journey:
    def __init__(self, exchange: Exchange, call: Call) -> None:
        self._exchange, self.call = exchange, call
        self.leg: Leg | None = None
        self.performance: Performance | None = None
        self._ending: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    def end(self, status: str) -> None:
        """Hang up: `canceled` before the answer, `completed` whenever."""
        if not self._ending.done():
            self._ending.set_result(status)
        if self.leg is not None:
            self.leg.hang_up()

    async def run(self, wait_s: float) -> None:
        if await self._ended_within(wait_s):
            return self._finish(self._ending.result())
        self._exchange.advance(self.call, "initiated")
        fate = self._exchange.fates.of(self.call.to)
        outcome = await self._ring(fate)
        if outcome != "answered":
            return self._finish(outcome, 487 if outcome == "canceled" else fate.sip)
        try:
            await self._talk(fate)
        finally:
            self._finish("completed", 200)

    async def receive(self) -> None:
        """A call that came in: it is answered at once, and whoever rings is the person on the line."""
        try:
            await self._talk(self._exchange.fates.of(self.call.caller))
        finally:
            self._finish("completed", 200)

    async def _ended_within(self, seconds: float) -> bool:
        await asyncio.wait((self._ending,), timeout=max(0.0, seconds))
        return self._ending.done()

    async def _ring(self, fate: Fate) -> str:
        timeout = float(self.call.fields.number("Timeout", 60))
        if await self._ended_within(SETUP_S):
            return "canceled"
        if fate.answer == "failed":
            return "failed"
        self._exchange.advance(self.call, "ringing")
        unanswered = fate.answer == "no_answer"
        ring = timeout if unanswered and fate.gives_up_s is None else fate.ring_s
        if await self._ended_within(min(ring, timeout)):
            return "canceled"
        if fate.answer == "busy":
            return "busy"
        return "no-answer" if unanswered or ring >= timeout else "answered"

    async def _talk(self, fate: Fate) -> None:
        call, exchange = self.call, self._exchange
        leg = self.leg = Leg(call, Callee(fate.mind, exchange.new_ear(), call.heard, call.said))
        fallback = Fallback(call.fields.one("FallbackUrl"), call.fields.one("FallbackMethod", "POST"))
        self.performance = Performance(exchange.stage, leg, fallback)
        exchange.advance(call, "in-progress")
        leg.answer()
        exchange.metronome.add(leg)
        if call.fields.flag("Record"):
            exchange.recorder.start(call, leg, call.fields, "OutboundAPI")
        detection = asyncio.create_task(self._detect(fate, leg))
        try:
            extra = await self._wait_for_verdict(detection)
            await self.performance.run(self._first_source(extra))
        finally:
            exchange.metronome.remove(leg)
            leg.hang_up()
            if call.amd is None and not exchange.faults.value("amd_at_ms", call.to):
                detection.cancel()
            else:
                exchange.keep(detection)

    def _first_source(self, extra: tuple[tuple[str, str], ...]) -> Source:
        order = self.call.fields
        url = order.one("Url")
        return Source(url, order.one("Method", "POST"), "" if url else order.one("Twiml"), extra)

    async def _wait_for_verdict(self, detection: asyncio.Task[str]) -> tuple[tuple[str, str], ...]:
        """Synchronous detection holds the TwiML back and is told with its request; asynchronous holds nothing back."""
        order = self.call.fields
        if order.flag("AsyncAmd") or not order.one("MachineDetection") or self.leg is None:
            return ()
        over = asyncio.create_task(self.leg.over.wait())
        await asyncio.wait((detection, over), return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        return (("AnsweredBy", detection.result()),) if detection.done() and detection.result() else ()

    async def _detect(self, fate: Fate, leg: Leg) -> str:
        call, faults, order = self.call, self._exchange.faults, self.call.fields
        verdict = amd.verdict(order, fate.answer, faults, call.to, fate.amd)
        if verdict is None:
            return ""
        answered_by = verdict.answered_by
        if verdict.at_ms is None:
            answered_by = await self._end_of_greeting(leg, answered_by)
        else:
            await asyncio.sleep(max(0.0, verdict.at_ms / 1000 - call.elapsed))
        at_ms = round(call.elapsed * 1000)
        call.answered_by, call.amd = answered_by, {"answered_by": answered_by, "at_ms": at_ms}
        if order.flag("AsyncAmd") and "amd" not in faults.words("callbacks_drop", call.to):
            self._announce_verdict(at_ms)
        return answered_by

    async def _end_of_greeting(self, leg: Leg, answered_by: str) -> str:
        """A machine has ended when it has been quiet for a while, its beep included, or when patience has."""
        limit_s, quiet_s = self.call.fields.number("MachineDetectionTimeout", 30), 0.0
        while quiet_s < amd.QUIET_S:
            if self.call.elapsed > limit_s:
                return "machine_end_other" if answered_by == amd.BEEP else answered_by
            await asyncio.sleep(LOOK_S)
            quiet_s = quiet_s + LOOK_S if leg.callee.said and not leg.callee.talking else 0.0
        beeped = leg.callee.said[-1].text.startswith("(")  # a sound in brackets, not words
        return "machine_end_silence" if answered_by == amd.BEEP and not beeped else answered_by

    def _announce_verdict(self, at_ms: int) -> None:
        order, call = self.call.fields, self.call
        url, method = order.one("AsyncAmdStatusCallback"), order.one("AsyncAmdStatusCallbackMethod", "POST")
        params = [("AccountSid", call.account_sid), ("CallSid", call.sid), ("AnsweredBy", call.answered_by or "")]
        params.append(("MachineDetectionDuration", str(at_ms)))
        for turn in range(2 if self._exchange.faults.on("amd_twice", call.to) else 1):
            if url:
                self._exchange.courier.dispatch(url, method, params, "amd", call, 0.1 * turn)

    def _finish(self, status: str, sip: int | None = None) -> None:
        call = self.call
        if not call.alive:
            return
        call.sip = sip
        if status == "canceled" and call.status == "in-progress":
            status = "completed"
        recording = self._exchange.recorder.finish(call)
        self._exchange.advance(call, status, recording if call.fields.flag("Record") else None)
        if self.leg is not None:
            self.leg.hang_up()

    async def abandon(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((self.task,))
