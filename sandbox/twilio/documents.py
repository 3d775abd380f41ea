"""Where TwiML comes from: a URL fetched like any webhook, or inline text; the fallback URL when that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.twilio import twiml
from sandbox.twilio.courier import Courier
from sandbox.twilio.ledger import Ledger
from sandbox.twilio.params import Params, call_params
from sandbox.twilio.records import Call

XML_TYPES = ("text/xml", "application/xml", "text/html")


@dataclass(frozen=True)
class Source:
    url: str = ""
    method: str = "POST"
    inline: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    def next(self, url: str, method: str, extra: Params) -> Source:
        return Source(url or self.url, method or "POST", extra=tuple(extra))


@dataclass(frozen=True)
class Fallback:
    url: str
    method: str


class Documents:
    def __init__(self, courier: Courier, ledger: Ledger) -> None:
        self._courier, self._ledger = courier, ledger

    async def fetch(self, call: Call, source: Source, fallback: Fallback) -> list[twiml.Verb]:
        """The verbs to perform; a Hangup when neither the document nor its fallback can be had."""
        try:
            return twiml.read(source.inline) if source.inline else await self._get(call, source)
        except twiml.BadTwiml as error:
            self._ledger.alarm(error.code, str(error), call)
            if not fallback.url:
                return [twiml.Hangup()]
            extra = (("ErrorCode", str(error.code)), ("ErrorUrl", source.url))
        try:
            return await self._get(call, Source(fallback.url, fallback.method, extra=extra))
        except twiml.BadTwiml as error:
            self._ledger.alarm(error.code, f"fallback: {error}", call)
            return [twiml.Hangup()]

    async def _get(self, call: Call, source: Source) -> list[twiml.Verb]:
        params = call_params(call) + list(source.extra)
        answer = await self._courier.send(source.url, source.method, params, "twiml", call)
        if answer is None or answer.status_code >= 400:
            raise twiml.BadTwiml(11200, "TwiML could not be fetched")
        kind = answer.headers.get("content-type", "").split(";")[0].strip()
        if not answer.content:
            raise twiml.BadTwiml(12100, "empty document")
        if kind not in XML_TYPES:
            raise twiml.BadTwiml(12300, f"invalid Content-Type {kind!r}")
        return twiml.read(answer.text, source.url)
