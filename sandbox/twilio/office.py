"""What the REST doors do: place, change and list calls. Refuses by raising `Refusal`; knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from sandbox.twilio import lifecycle, orders
from sandbox.twilio.documents import Documents, Source
from sandbox.twilio.exchange import Exchange
from sandbox.twilio.fields import Fields
from sandbox.twilio.journey import Journey
from sandbox.twilio.messaging import Texts
from sandbox.twilio.performance import Stage
from sandbox.twilio.problems import Refusal
from sandbox.twilio.records import Call, Number, new_sid
from sandbox.twilio.settings import Settings
from sandbox.twilio.transfer import Transfers


@dataclass
class PostLog:
    """Every POST Calls that arrived, whatever came of it."""

    entries: list[dict[str, object]] = field(default_factory=list)

    def note(self, to: str, caller: str) -> dict[str, object]:
        entry: dict[str, object] = {"to": to, "from": caller, "at": time.time(), "sid": None, "answered": None}
        self.entries.append(entry)
        return entry

    def per_number(self) -> dict[str, int]:
        return dict(Counter(str(entry["to"]) for entry in self.entries))


class Office:
    def __init__(self, settings: Settings) -> None:
        self.exchange = exchange = Exchange(settings)
        documents = Documents(exchange.courier, exchange.ledger)
        exchange.stage = Stage(
            documents, exchange.courier, exchange.faults, exchange.ledger, exchange.voices, Transfers(exchange)
        )
        self.settings = settings
        self.posts = PostLog()
        self.journeys: dict[str, Journey] = {}
        self.texts = Texts(settings, exchange.faults, exchange.courier)
        self.numbers: dict[str, Number] = {}
        self.verified: set[str] = set()
        self._next_start = 0.0

    def place(self, order: Fields) -> Call:
        """Accepts an order for a call; it starts when the account's calls per second allow."""
        exchange = self.exchange
        warnings = orders.examine(order, self.settings.owns, exchange.faults.words("geo_blocked", order.one("To")))
        call = Call(
            sid=new_sid("CA"),
            account_sid=self.settings.account_sid,
            to=order.one("To"),
            caller=order.one("From"),
            fields=order,
            time_limit=order.number("TimeLimit", 4 * 3600),
        )
        call.timeline.append({"status": "queued", "at": call.created_at})
        for code, words in warnings:
            exchange.ledger.alarm(code, words, call)
        wait_s = self._reserve_start()
        call.queue_ms = round(wait_s * 1000)
        exchange.calls[call.sid] = call
        journey = self.journeys[call.sid] = Journey(exchange, call)
        lag_s = exchange.faults.amount("dial_lag_ms", call.to, 50) / 1000
        journey.task = exchange.begin(journey.run(wait_s + lag_s))
        return call

    def _reserve_start(self) -> float:
        """Seconds until this call's turn: the account starts so many calls a second and queues the rest."""
        per_second = self.exchange.faults.amount("cps", otherwise=self.settings.calls_per_second)
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + 1 / per_second
        return start - now

    async def first_callback(self, call: Call, patience_s: float = 3.0) -> None:
        """Until the first status callback of this call has been answered."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if task := self.exchange.first_callback.get(call.sid):
                await asyncio.wait((task,), timeout=deadline - time.monotonic())
                return
            await asyncio.sleep(0.01)

    def call(self, sid: str) -> Call:
        if sid not in self.exchange.calls:
            raise Refusal(20404, f"The requested resource /Calls/{sid}.json was not found")
        return self.exchange.calls[sid]

    def change(self, call: Call, order: Fields) -> Call:
        if not call.alive:
            raise Refusal(21220)
        if limit := order.number("TimeLimit", 0):
            self._limit(call, limit)
        for name in ("StatusCallback", "FallbackUrl"):
            if order.one(name):
                kept = tuple(pair for pair in order.pairs if pair[0].startswith(name))
                call.fields = call.fields.with_changes(Fields(kept))
        if order.one("Url") or order.one("Twiml"):
            self._redirect(call, order)
        if status := order.one("Status"):
            self._end(call, status)
        return call

    def _limit(self, call: Call, limit: int) -> None:
        if limit < call.elapsed or self.exchange.faults.spend("time_limit_13216", call.to):
            raise Refusal(13216)
        call.time_limit = limit

    def _redirect(self, call: Call, order: Fields) -> None:
        journey = self.journeys.get(call.sid)
        if call.status != "in-progress" or journey is None or journey.performance is None:
            raise Refusal(21220)
        if order.one("Url") and order.one("Twiml"):
            raise Refusal(21218, "Url and Twiml are mutually exclusive")
        if len(order.one("Twiml")) > orders.INLINE_LIMIT:
            raise Refusal(32018)
        journey.performance.redirect(Source(order.one("Url"), order.one("Method", "POST"), order.one("Twiml")))

    def _end(self, call: Call, status: str) -> None:
        if status not in ("canceled", "completed"):
            raise Refusal(20001, f"Invalid Status {status!r}")
        if status == "canceled" and call.status == "in-progress":
            return  # documented: does not affect calls already in progress
        if leg := self.exchange.transferred.get(call.sid):
            leg.hang_up()
        if journey := self.journeys.get(call.sid):
            journey.end("canceled" if call.status != "in-progress" else status)

    def listed(self, query: Fields) -> list[Call]:
        """Newest first, as the API lists; StartTime filters see only calls that have started."""
        hidden_s = self.exchange.faults.amount("list_lag_s")
        calls = [call for call in self.exchange.calls.values() if time.time() - call.created_at >= hidden_s]
        for name, attribute in (("To", "to"), ("From", "caller"), ("ParentCallSid", "parent_sid")):
            if wanted := query.one(name):
                calls = [call for call in calls if getattr(call, attribute) == wanted]
        if wanted := query.one("Status"):
            calls = [call for call in calls if lifecycle.REST_STATUS.get(call.status, call.status) == wanted]
        if after := query.one("StartTime>"):
            calls = [call for call in calls if call.started and call.started.date().isoformat() >= after[:10]]
        if before := query.one("StartTime<"):
            calls = [call for call in calls if call.started and call.started.date().isoformat() <= before[:10]]
        return sorted(calls, key=lambda call: call.created_at, reverse=True)

    def number(self, number: str) -> Number:
        return self.numbers.setdefault(number, Number())

    def receive(self, caller: str, to: str) -> Call:
        """Somebody rings a number of the account: its voice URL says what happens."""
        configured = self.number(to)
        if not configured.voice_url:
            raise Refusal(21205, f"no voice URL is set on {to}")
        told = (("StatusCallback", configured.status_callback), ("StatusCallbackEvent", "completed"))
        call = Call(
            sid=new_sid("CA"),
            account_sid=self.settings.account_sid,
            to=to,
            caller=caller,
            fields=Fields((("Url", configured.voice_url), ("Method", "POST"), *told)),
            direction="inbound",
            status="ringing",
        )
        call.timeline.append({"status": "ringing", "at": call.created_at})
        self.exchange.calls[call.sid] = call
        journey = self.journeys[call.sid] = Journey(self.exchange, call)
        journey.task = self.exchange.begin(journey.receive())
        return call

    async def reset(self) -> None:
        for journey in tuple(self.journeys.values()):
            await journey.abandon()
        self.exchange.reset()
        self.journeys.clear()
        self.texts.reset()
        self.numbers.clear()
        self.verified.clear()
        self.posts.entries.clear()
        self._next_start = 0.0
