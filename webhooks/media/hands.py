"""What a live call may do to the world: hang up, hand over, record, suppress, and tell who watches. Bound to one call."""

import asyncio
import contextlib
import json
from typing import Any

import redis.asyncio
import structlog
from twilio.twiml.voice_response import Dial, VoiceResponse

from campaign import clock, live
from campaign.database import Database
from campaign.records import Call
from campaign.settings import Settings
from campaign.suppression import suppress
from qualify.ports import CallControl
from webhooks.media import tasks
from webhooks.media.case import Case

log = structlog.get_logger()
RING_SECONDS = 20
TALK_SECONDS = 3600
LAST_WORDS = 1.0
"""Seconds that messages to watchers get to go out when the process ends."""


class CallHands:
    """The carrier's side blocks and runs in threads; telling never waits and may be lost."""

    def __init__(
        self, case: Case, call_sid: str, carrier: CallControl, database: Database, settings: Settings, watch: "Watch"
    ) -> None:
        self._case, self._call_sid, self._carrier = case, call_sid, carrier
        self._database, self._settings, self._watch = database, settings, watch

    def hang_up(self) -> None:
        self._carrier.end(self._call_sid)

    def transfer(self, person: str, number: str) -> None:
        """Ring one person of the roster, who must press a key to take it. Number and caller id are ours.

        What becomes of it is the dialer's: its doors whisper to the colleague, and apologise when nobody takes the call.
        """
        attempt = self._case.attempt
        base = f"{self._settings.public_base}/twilio/{attempt.id}"
        dial = Dial(
            caller_id=attempt.from_number,
            timeout=RING_SECONDS,
            time_limit=TALK_SECONDS,
            answer_on_bridge=True,
            action=f"{base}/dial-done",
            method="POST",
        )
        dial.number(number, url=f"{base}/whisper", method="POST")
        response = VoiceResponse()
        response.append(dial)
        response.hangup()
        spent = self._case.campaign.budget.max_call_seconds
        self._carrier.redirect(self._call_sid, str(response), time_limit=spent + RING_SECONDS + TALK_SECONDS + 60)

    def start_recording(self) -> None:
        callback = f"{self._settings.public_base}/twilio/{self._case.attempt.id}/recording"
        self._carrier.start_recording(self._call_sid, callback)

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
            )

    def person_met(self) -> None:
        """Before the call's end, so that the dialer does not hang up on a person over a late verdict."""
        with self._database.transaction() as session:
            call = session.get(Call, self._case.attempt.id)
            if call is not None and call.ended_at is None:
                call.reached = "human"
                session.add(call)

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
            self._waiting.put_nowait((live.WATCH.format(attempt_id), json.dumps(message)))

    async def _publish(self) -> None:
        assert self._client is not None
        while True:
            channel, text = await self._waiting.get()
            try:
                await self._client.publish(channel, text)
            except (redis.asyncio.RedisError, OSError):
                await asyncio.sleep(0.5)
            finally:
                self._waiting.task_done()

    async def close(self) -> None:
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.join(), LAST_WORDS)
            await tasks.end(self._task)
