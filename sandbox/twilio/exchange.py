"""The account's exchange: what all calls share, and the one place where a call changes state and says so.

`advance` fires the status callback subscribed to, in order, each as a request of its own; nothing waits for answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from sandbox.speech import Ear, Library
from sandbox.twilio import lifecycle
from sandbox.twilio.courier import Courier
from sandbox.twilio.fates import Fates
from sandbox.twilio.faults import Faults
from sandbox.twilio.ledger import Ledger
from sandbox.twilio.leg import Leg
from sandbox.twilio.metronome import Metronome
from sandbox.twilio.params import Params, progress_params
from sandbox.twilio.performance import Stage
from sandbox.twilio.recorder import Recorder
from sandbox.twilio.records import Call, Recording
from sandbox.twilio.settings import Settings

REORDER_S = 0.05
log = logging.getLogger("sandbox.twilio")


class Exchange:
    stage: Stage

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.ledger = Ledger()
        self.courier = Courier(settings, self.faults, self.ledger.alarm)
        self.recorder = Recorder(settings, self.faults, self.courier)
        self.metronome = Metronome()
        self.voices = Library.shipped()
        self.fates = Fates(self.voices)
        self.calls: dict[str, Call] = {}
        self.transferred: dict[str, Leg] = {}  # the telephones of dialed colleagues, by call
        self.first_callback: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, Params] = {}
        self._kept: set[asyncio.Task[Any]] = set()

    def new_ear(self) -> Ear:
        return Ear(self.voices)

    def advance(self, call: Call, status: str, recording: Recording | None = None) -> None:
        call.advance(status)
        event, order = lifecycle.event_of(status), call.fields
        wanted = order.every("StatusCallbackEvent") or ("completed",)
        if event is None or event not in wanted or not order.one("StatusCallback"):
            return
        url = self.recorder.url(recording) if recording else ""
        params = progress_params(call, call.sequence, recording, url)
        call.sequence += 1
        if event not in self.faults.words("callbacks_drop", call.to):
            self._fire(call, event, params)

    def _fire(self, call: Call, event: str, params: Params) -> None:
        if self.faults.on("callbacks_reorder", call.to) and event != "completed" and call.sid not in self._held:
            self._held[call.sid] = params
            return
        task = self._deliver(call, event, params, 0.0)
        self.first_callback.setdefault(call.sid, task)
        if late := self._held.pop(call.sid, None):
            self._deliver(call, "late", late, REORDER_S)

    def _deliver(self, call: Call, event: str, params: Params, delay_s: float) -> asyncio.Task[None]:
        url, method = call.fields.one("StatusCallback"), call.fields.one("StatusCallbackMethod", "POST")
        gap = self.faults.amount("callbacks_gap_ms", call.to, 100) / 1000
        for turn in range(int(self.faults.amount("callbacks_duplicate", call.to))):
            self.courier.dispatch(url, method, params, event, call, delay_s + gap * (turn + 1))
        return self.courier.dispatch(url, method, params, event, call, delay_s)

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold on to work that may outlive its call."""
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.keep(task)
        task.add_done_callback(_tell_of_failure)
        return task

    def reset(self) -> None:
        for task in tuple(self._kept):
            task.cancel()
        self.courier.forget()
        self.faults.reset()
        self.ledger.alerts.clear()
        self.recorder.reset()
        self.fates.reset()
        self.calls.clear()
        self.transferred.clear()
        self.first_callback.clear()
        self._held.clear()


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the simulation of a call broke", exc_info=error)
