"""Messages to a running call over Redis: who answered, that it ended, an opt-out. Redis being away never harms the call."""

import asyncio
from collections.abc import Callable
from typing import Any

import redis.asyncio
import structlog

from campaign import live
from qualify import events as ev

log = structlog.get_logger()
PAUSE = 1.0


def as_event(message: dict[str, Any]) -> ev.Event | None:
    """None for what concerns others."""
    match message.get("kind"):
        case "amd":
            return ev.Verdict(str(message.get("answered_by") or "unknown"))
        case "ended":
            return ev.CallOver()
        case "opt_out":
            return ev.StopAsked("opted_out")
        case "hang_up":
            return ev.StopAsked("ordered")
        case _:
            return None


async def listen(client: redis.asyncio.Redis, attempt_id: str, feed: Callable[[ev.Event], None]) -> None:
    """Runs as long as the call; subscribes again after trouble."""
    while True:
        try:
            async with live.messages(client, live.CALL.format(attempt_id)) as messages:
                async for message in messages:
                    if (event := as_event(message)) is not None:
                        feed(event)
        except (redis.asyncio.RedisError, OSError, ValueError) as error:
            log.warning("no orders for this call for now", error=type(error).__name__, attempt=attempt_id)
        await asyncio.sleep(PAUSE)
