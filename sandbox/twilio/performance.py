"""Performs TwiML on one answered telephone, verb after verb, until the documents end, somebody hangs up or redirects.

A redirect replaces whatever is running, a Connect included, after a short lag in which the old document still counts:
a server that closes its socket in that lag lets the old document go on, as it does on the real network.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, assert_never

from sandbox.speech import Library
from sandbox.speech.voices import agent_voice
from sandbox.twilio import twiml
from sandbox.twilio.courier import Courier
from sandbox.twilio.documents import Documents, Fallback, Source
from sandbox.twilio.faults import Faults
from sandbox.twilio.gathering import gather
from sandbox.twilio.ledger import Ledger
from sandbox.twilio.leg import Leg
from sandbox.twilio.params import Params, call_params
from sandbox.twilio.sounds import fetch_sound, tones
from sandbox.twilio.stream import MediaStream


class Dialer(Protocol):
    async def dial(self, leg: Leg, verb: twiml.Dial) -> Params:
        """Calls somebody, bridges both until one is gone; what the action URL is told."""


class Stage:
    """What every performance needs of the office."""

    def __init__(
        self, documents: Documents, courier: Courier, faults: Faults, ledger: Ledger, voices: Library, dialer: Dialer
    ) -> None:
        self.documents, self.courier, self.faults, self.ledger = documents, courier, faults, ledger
        self.voices, self.dialer = voices, dialer


END = Source()  # the outcome of a Hangup


class Performance:
    def __init__(self, stage: Stage, leg: Leg, fallback: Fallback) -> None:
        self._stage, self._leg, self._fallback = stage, leg, fallback
        self._redirect: asyncio.Future[Source] = asyncio.get_running_loop().create_future()
        self._source = END
        self.rejected = ""
        self.hung_up_by_document = False

    def redirect(self, source: Source) -> None:
        if self._redirect.done():
            self._redirect = asyncio.get_running_loop().create_future()
        self._redirect.set_result(source)

    async def run(self, source: Source) -> None:
        """Returns when there is nothing more to perform; the telephone is still off the hook then."""
        over = asyncio.create_task(self._leg.over.wait())
        try:
            following: Source | None = source
            while following and following != END and not over.done():
                following = await self._until_done_or_replaced(following, over)
            self.hung_up_by_document = following == END
        finally:
            over.cancel()

    async def _until_done_or_replaced(self, source: Source, over: asyncio.Task[bool]) -> Source | None:
        self._source = source
        document = asyncio.create_task(self._document(source))
        try:
            await asyncio.wait((document, over, self._redirect), return_when=asyncio.FIRST_COMPLETED)
            if self._redirect.done() and not over.done() and not document.done():
                lag = self._stage.faults.amount("redirect_lag_ms", self._leg.call.to, 150) / 1000
                await asyncio.wait((document, over), timeout=lag, return_when=asyncio.FIRST_COMPLETED)
            if document.done():
                return document.result()
        finally:
            await self._stop(document)
        if over.done():
            return None
        replacement = self._redirect.result()
        self._redirect = asyncio.get_running_loop().create_future()
        return replacement

    async def _stop(self, document: asyncio.Task[Source | None]) -> None:
        document.cancel()
        await asyncio.wait((document,))
        self._leg.clear()

    async def _document(self, source: Source) -> Source | None:
        for verb in await self._stage.documents.fetch(self._leg.call, source, self._fallback):
            following = await self._verb(verb)
            if following is not None:
                return following
        return None

    async def _verb(self, verb: twiml.Verb) -> Source | None:
        match verb:
            case twiml.Say() | twiml.Play() | twiml.Pause():
                await self._sound(verb)
            case twiml.Gather():
                return await self._gather(verb)
            case twiml.Connect():
                return await self._connect(verb)
            case twiml.Dial():
                told = await self._stage.dialer.dial(self._leg, verb)
                return self._source.next(verb.action, verb.method, told) if verb.action else None
            case twiml.Redirect(url, method):
                return self._source.next(url, method, [])
            case twiml.Hangup():
                return END
            case twiml.Reject(reason):
                self.rejected = reason
                return END
            case twiml.Unknown(name):
                self._stage.ledger.alarm(12200, f"unknown verb {name}", self._leg.call)
            case other:
                assert_never(other)
        return None

    async def _sound(self, verb: twiml.Say | twiml.Play | twiml.Pause) -> None:
        match verb:
            case twiml.Say(text):
                library = self._stage.voices
                speech = await asyncio.to_thread(
                    lambda: library.say(text, agent_voice(text, library))
                )  # may be synthesised
                await self._leg.play(speech.mulaw)
            case twiml.Play(url, digits):
                sound = tones(digits) if digits else await fetch_sound(self._stage.ledger, self._leg.call, url)
                await self._leg.play(sound)
            case twiml.Pause(seconds):
                await asyncio.sleep(seconds)
            case other:
                assert_never(other)

    async def _gather(self, verb: twiml.Gather) -> Source | None:
        async def prompts() -> None:
            for prompt in verb.prompts:
                await self._sound(prompt)

        told = await gather(self._leg, verb, prompts)
        if told is None and not verb.even_if_empty:
            return None
        return self._source.next(verb.action, verb.method, told or [("Digits", "")])

    async def _connect(self, verb: twiml.Connect) -> Source | None:
        stream = MediaStream(self._leg, verb.stream, self._stage.courier, self._stage.faults, self._stage.ledger)
        told = [("StreamSid", stream.log.sid)]
        try:
            await stream.run()
        except asyncio.CancelledError:
            if verb.action and self._stage.faults.on("connect_end_on_redirect", self._leg.call.to):
                params = call_params(self._leg.call) + told
                self._stage.courier.dispatch(verb.action, verb.method, params, "connect-end", self._leg.call)
            raise
        return self._source.next(verb.action, verb.method, told) if verb.action else None
