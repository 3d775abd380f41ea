"""Runs calls: from an accepted socket to the written record. Knows which calls are live and can drain."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import redis.asyncio
import structlog

from campaign import clock
from campaign.database import Database
from campaign.errors import FirstringError, Refused
from campaign.settings import Settings
from qualify import briefing, tools
from qualify import commands as do
from qualify.bridge import Bridge
from qualify.line import BROKEN, POLICY, Line
from qualify.ports import Calendars, CallControl
from qualify.realtime import Address, Realtime
from qualify.summary import answer_lines
from qualify.tools import save_answers
from qualify.tools.desk import Desk
from webhooks.media import case as cases
from webhooks.media import meters, orders, record, tasks
from webhooks.media.foresight import Foresight
from webhooks.media.gatekeeper import attempt_of
from webhooks.media.hands import CallHands, Watch
from webhooks.media.load import Load
from webhooks.media.phone import wait_for_start
from webhooks.media.transports import DIAL

log = structlog.get_logger()
WRITE_TRIES = (0.2, 1.0, 3.0)
AT_ONCE = 3
"""Calls that are opened or written down at once. More threads would not be faster, and hold up those that talk."""


class Switchboard:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        carrier: CallControl,
        calendars: Calendars | None,
        client: redis.asyncio.Redis | None,
        load: Load,
    ) -> None:
        self._settings, self._database = settings, database
        self._carrier, self._calendars, self._redis = carrier, calendars, client
        self._threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="tool")
        self._books = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="books")
        self._watch = Watch(client)
        self._foresight = Foresight(calendars, database, self._threads, client)
        self._address = Address(settings.openai_realtime_url, settings.openai_api_key, settings.openai_realtime_model)
        self._dial = DIAL[settings.realtime_transport]
        self._load = load
        self.live: set[str] = set()
        self.draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def closed(self) -> str:
        """Why no new call is taken, or nothing."""
        return "draining" if self.draining else "overloaded" if self._load.reason else ""

    async def answer(self, line: Line, path: str) -> None:
        """One socket, from its first message to the stored record; counted from the start, so that draining waits for it."""
        self._load.calls += 1
        self._empty.clear()
        try:
            await self._answer(line, attempt_of(path) or "")
        finally:
            self._load.calls -= 1
            if not self._load.calls:
                self._empty.set()

    async def _answer(self, line: Line, attempt_id: str) -> None:
        try:
            start = await wait_for_start(line)
            case = await asyncio.get_running_loop().run_in_executor(
                self._books, cases.open_case, self._database, self._settings, attempt_id, start, clock.now()
            )
        except FirstringError as error:
            meters.refused.labels(error.code).inc()
            log.warning("stream refused", attempt=attempt_id, code=error.code)
            await line.close(POLICY if isinstance(error, Refused) else BROKEN, error.code)
            return
        self.live.add(attempt_id)
        meters.live.set(len(self.live))
        try:
            await self._converse(case, start.callSid, start.streamSid, line)
        finally:
            self.live.discard(attempt_id)
            meters.live.set(len(self.live))

    async def _converse(self, case: cases.Case, call_sid: str, stream_sid: str, line: Line) -> None:
        self._foresight.look(case.campaign)
        desk = cases.desk(case, self._calendars)
        desk.summary = partial(_so_far, desk)
        terms = cases.terms(case, self._settings)
        hands = CallHands(
            case, call_sid, self._carrier, self._database, self._settings, self._watch, partial(briefing.compose, desk)
        )
        bridge = Bridge(
            terms,
            line,
            stream_sid,
            Realtime(self._address, cases.config(case, self._settings), self._dial),
            partial(self._run_tool, desk),
            hands,
            self._threads,
            _header(case, self._settings),
            case.earlier.event if case.earlier else None,
        )
        ears = None
        if self._redis is not None:
            missed = partial(cases.missed, self._database, case.attempt.id)
            ears = asyncio.create_task(orders.listen(self._redis, case.attempt.id, case.campaign, bridge.feed, missed))
        try:
            await bridge.run()
        finally:
            if ears is not None:
                await tasks.end(ears)
            await asyncio.shield(self._write(case, bridge, desk))

    def _run_tool(self, desk: Desk, order: do.RunTool) -> dict[str, Any]:
        desk.speak(order.language, clock.now())
        result = tools.run(order.name, order.arguments, desk, clock.now(), order.confirmed)
        if order.name == save_answers.NAME and len(desk.open_questions()) <= 1:
            self._foresight.look(desk.campaign)
        return result

    async def _write(self, case: cases.Case, bridge: Bridge, desk: Desk) -> None:
        """The record must be kept: tried again when the database is away."""
        talk = bridge.session.talk
        tape = bridge.tape.close()
        for wait in (*WRITE_TRIES, None):
            try:
                result = await asyncio.get_running_loop().run_in_executor(
                    self._books, record.write, self._database, case, talk, desk, tape, clock.now()
                )
                break
            except Exception as error:
                log.exception(
                    "the call's record could not be written", attempt=case.attempt.id, error=type(error).__name__
                )
                if wait is None:
                    return
                await asyncio.sleep(wait)
        meters.note(talk, result)
        log.info("call over", attempt=case.attempt.id, reached=result.reached, wanted=result.wanted, by=talk.ending.by)
        self._watch.tell(case.attempt.id, {"kind": "over", "reached": result.reached, "wanted": result.wanted})

    async def drain(self, limit: float) -> int:
        """Wait until every live call has ended by itself; returns how many are left when time is up."""
        self.draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._empty.wait()
        return len(self.live)

    async def close(self) -> None:
        await self._foresight.close()
        await self._watch.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._books.shutdown(wait=False)


def _so_far(desk: Desk) -> str:
    return answer_lines(desk.playbook, desk.answers)


def _header(case: cases.Case, settings: Settings) -> dict[str, Any]:
    return {
        "tape": 1,
        "attempt": case.attempt.id,
        "playbook": case.script.playbook.name,
        "playbook_sha256": case.script.sha256,
        "prompt_sha256": case.prompt.sha256,
        "model": settings.openai_realtime_model,
        "settings": cases.manner(case, settings),
        "mandatory": case.prompt.mandatory,
        "ask": case.prompt.ask,
    }
