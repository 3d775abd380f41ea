"""What a live call may do to the world: hang up, hand over, record, suppress, and tell who watches. Bound to one call."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import redis.asyncio
import structlog

from campaign import clock, live
from campaign.database import Database
from campaign.records import Attempt, Call
from campaign.settings import Settings
from campaign.suppression import suppress
from dialer import handover, machine, recording, transfer_documents
from qualify.commands import Transfer
from qualify.ports import CallControl
from webhooks.media import tasks
from webhooks.media.case import Case

log = structlog.get_logger()
LAST_WORDS = 1.0
"""Seconds that messages to watchers get to go out when the process ends."""
TOGETHER = 0.05
"""Seconds in which messages of all calls gather for one round trip: nobody watches more closely than that."""


class CallHands:
    """The carrier's side blocks and runs in threads; telling never waits and may be lost."""

    def __init__(
        self,
        case: Case,
        call_sid: str,
        carrier: CallControl,
        database: Database,
        settings: Settings,
        watch: "Watch",
        brief: Callable[[], str],
    ) -> None:
        """`brief` says, when a colleague is rung, what the call is about."""
        self._case, self._call_sid, self._carrier = case, call_sid, carrier
        self._database, self._settings, self._watch, self._brief = database, settings, watch, brief

    def hang_up(self) -> None:
        self._carrier.end(self._call_sid)

    def transfer(self, transfer: Transfer) -> None:
        """Ring one person of the roster, who must press a key to take the call. Number and caller id are ours.

        Whom to ring next, and what to tell the caller when nobody takes it, is the dialer's (`dialer/handover.py`).
        """
        with self._database.transaction() as session:
            attempt = session.get_one(Attempt, self._case.attempt.id)
            handover.begin(session, attempt, transfer.person, clock.now(), ordered=transfer.ordered)
            handover.brief(session, attempt.id, self._brief())
            base = f"{self._settings.public_base}/twilio/{attempt.id}"
            document = self._ring(transfer, base, attempt.from_number)
            limit = handover.time_limit(attempt, clock.now())
        self._carrier.redirect(self._call_sid, document, time_limit=limit)

    def _ring(self, transfer: Transfer, base: str, caller_id: str) -> str:
        language = self._case.script.playbook.language
        announced = transfer_documents.words(language)["putting_through"].format(name=transfer.person)
        say = announced if transfer.ordered else ""
        return transfer_documents.ring(base, caller_id, transfer.number, say=say, language=language)

    def start_recording(self) -> None:
        callback = f"{self._settings.public_base}/twilio/{self._case.attempt.id}/recording"
        recording.start(self._database, self._carrier, self._case.attempt.id, callback, clock.now())

    def pause_recording(self) -> None:
        self._carrier.pause_recording(self._call_sid)

    def resume_recording(self) -> None:
        self._carrier.resume_recording(self._call_sid)

    def discard_recording(self) -> None:
        recording.discard(self._database, self._carrier, self._case.attempt.id, clock.now())

    def suppress(self, channel: str) -> None:
        attempt = self._case.attempt
        with self._database.transaction() as session:
            suppress(
                session,
                attempt.to_number,
                reason="opted_out",
                channel=channel,
                now=clock.now(),
                lead_id=attempt.lead_id,
                attempt_id=attempt.id,
            )

    def reached(self, who: str) -> None:
        """Before the call's end, so that the dialer does not hang up on a person or a screener over a late verdict."""
        with self._database.transaction() as session:
            call = session.get(Call, self._case.attempt.id)
            if call is not None and call.ended_at is None:
                call.reached = who
                session.add(call)

    def speak_in(self, language: str) -> None:
        with self._database.transaction() as session:
            call = session.get(Call, self._case.attempt.id)
            if call is not None:
                call.language = language
                session.add(call)

    def leave_message(self) -> None:
        machine.leave_message(self._database, self._carrier, self._case.attempt.id, clock.now())

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        self._watch.tell(self._case.attempt.id, {"kind": kind, "at": clock.now().isoformat(), **data})


class Watch:
    """Publishes to those who watch calls, from one task; a Redis that is slow or down costs the watchers, never a call."""

    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._client = client
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=1000)
        self._task = asyncio.create_task(self._publish()) if client is not None else None

    def tell(self, attempt_id: str, message: dict[str, Any]) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait((attempt_id, json.dumps(message)))

    async def _publish(self) -> None:
        assert self._client is not None
        while True:
            batch = [await self._waiting.get()]
            await asyncio.sleep(TOGETHER)
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await live.tell_watchers(self._client, batch)
            except (redis.asyncio.RedisError, OSError):
                await asyncio.sleep(0.5)
            finally:
                for _ in batch:
                    self._waiting.task_done()

    async def close(self) -> None:
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), LAST_WORDS)
            await tasks.end(self._task)
