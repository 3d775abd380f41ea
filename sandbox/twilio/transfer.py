"""`<Dial><Number>`: rings a second telephone, lets it hear the whisper, bridges both until one is gone.

The called side accepts by not hanging up in the whisper document. `DialCallStatus=completed` only says it answered;
`DialBridged` says both spoke. Source: twilio.com/docs/voice/twiml/dial.
"""

from __future__ import annotations

import asyncio
import time

from sandbox.twilio import twiml
from sandbox.twilio.callee import Callee
from sandbox.twilio.documents import Fallback, Source
from sandbox.twilio.exchange import Exchange
from sandbox.twilio.fates import Fate
from sandbox.twilio.fields import Fields
from sandbox.twilio.leg import Leg
from sandbox.twilio.params import Params
from sandbox.twilio.performance import Performance
from sandbox.twilio.records import Call, new_sid

SETUP_S = 0.05


class Transfers:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def dial(self, leg: Leg, verb: twiml.Dial) -> Params:
        child = self._new_call(leg.call, verb)
        bridged_s: float | None = None
        leg.ringing = True  # through the whisper, until both are bridged
        try:
            fate = self._exchange.fates.of(child.to, transferred=True)
            outcome = await self._ring(child, fate, verb.timeout)
            if outcome == "answered":
                bridged_s = await self._answered(leg, child, fate, verb)
        finally:
            leg.ringing = False
            if child.alive:
                self._finish(child, "completed" if child.status == "in-progress" else "canceled")
        told = [("DialCallSid", child.sid), ("DialCallStatus", child.status)]
        told.append(("DialBridged", "false" if bridged_s is None else "true"))
        return told + ([("DialCallDuration", str(child.seconds))] if child.answered_at else [])

    def _new_call(self, parent: Call, verb: twiml.Dial) -> Call:
        order = [("StatusCallback", verb.callback)]
        order += [("StatusCallbackEvent", event) for event in verb.callback_events]
        call = Call(
            sid=new_sid("CA"),
            account_sid=parent.account_sid,
            to=verb.number,
            caller=verb.caller or parent.caller,
            fields=Fields(tuple(order)),
            direction="outbound-dial",
            parent_sid=parent.sid,
        )
        self._exchange.calls[call.sid] = call
        return call

    async def _ring(self, child: Call, fate: Fate, patience_s: float) -> str:
        self._exchange.advance(child, "initiated")
        await asyncio.sleep(SETUP_S)
        if fate.answer == "failed":
            return self._finish(child, "failed", fate.sip)
        self._exchange.advance(child, "ringing")
        unanswered = fate.answer == "no_answer"
        ring = patience_s if unanswered and fate.gives_up_s is None else fate.ring_s
        await asyncio.sleep(min(ring, patience_s))
        if fate.answer == "busy":
            return self._finish(child, "busy", fate.sip)
        if unanswered or ring >= patience_s:
            return self._finish(child, "no-answer", 487)
        return "answered"

    async def _answered(self, leg: Leg, child: Call, fate: Fate, verb: twiml.Dial) -> float | None:
        """How long both were bridged; None when the whisper was not accepted."""
        other = Leg(child, Callee(fate.mind, self._exchange.new_ear(), child.heard, child.said))
        self._exchange.advance(child, "in-progress")
        other.answer()
        self._exchange.metronome.add(other)
        self._exchange.transferred[child.sid] = other
        try:
            if verb.whisper and not await self._whisper(other, verb):
                return None
            return await self._bridge(leg, other, verb.limit)
        finally:
            leg.peer = other.peer = None
            self._exchange.metronome.remove(other)
            del self._exchange.transferred[child.sid]
            other.hang_up()

    async def _whisper(self, other: Leg, verb: twiml.Dial) -> bool:
        performance = Performance(self._exchange.stage, other, Fallback("", "POST"))
        await performance.run(Source(verb.whisper, verb.whisper_method))
        return not (performance.hung_up_by_document or other.over.is_set())

    async def _bridge(self, leg: Leg, other: Leg, limit: int | None) -> float | None:
        if leg.over.is_set() or other.over.is_set():
            return None
        began = time.monotonic()
        leg.ringing = False
        leg.peer, other.peer = other, leg
        endings = [asyncio.create_task(one.over.wait()) for one in (leg, other)]
        try:
            await asyncio.wait(endings, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for ending in endings:
                ending.cancel()
        return time.monotonic() - began

    def _finish(self, child: Call, status: str, sip: int = 200) -> str:
        child.sip = sip
        self._exchange.advance(child, status)
        return status
