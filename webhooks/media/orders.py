"""Messages to a running call over Redis: who answered, that it ended, and what a supervisor orders.

Redis being away never harms the call. A number to ring is looked up in the roster, never taken from a message (R88).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from campaign import live, roster
from campaign.file import Campaign
from qualify import events as ev

log = structlog.get_logger()
PAUSE = 1.0


def as_event(message: dict[str, Any], campaign: Campaign) -> ev.Event | None:
    """None for what concerns others, and for what cannot be done."""
    by, text = str(message.get("by") or ""), str(message.get("text") or "")
    match message.get("kind"):
        case "amd":
            return ev.Verdict(str(message.get("answered_by") or "unknown"))
        case "ended":
            return ev.CallOver()
        case "opt_out":
            return ev.StopAsked("opted_out", by)
        case "hang_up":
            return ev.StopAsked("ordered", by)
        case "whisper" if text:
            return ev.Whispered(text, by)
        case "speak" if text:
            return ev.SayAsked(text, by)
        case "take_over":
            person = roster.find(campaign, str(message.get("person") or ""))
            return ev.TakeOverAsked(person.name, person.phone or "", by) if person else None
        case _:
            return None


Missed = Callable[[], list[ev.Event]]
"""What the database knows of the call that a message may have told before anybody listened."""


async def listen(
    client: redis.asyncio.Redis,
    attempt_id: str,
    campaign: Campaign,
    feed: Callable[[ev.Event], None],
    missed: Missed,
) -> None:
    """Runs as long as the call. Whatever came before anybody listened is read from the row. (R56)"""

    def take(message: dict[str, Any]) -> None:
        if (event := as_event(message, campaign)) is not None:
            feed(event)

    async def catch_up() -> None:
        for told in await asyncio.to_thread(missed):
            feed(told)

    await follow(client, live.CALL.format(attempt_id), take, catch_up)


async def follow(
    client: redis.asyncio.Redis,
    channel: str,
    take: Callable[[dict[str, Any]], None],
    catch_up: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Until cancelled; subscribes again after trouble, and catches up each time."""
    while True:
        try:
            async with live.messages(client, channel) as messages:
                if catch_up is not None:
                    await catch_up()
                async for message in messages:
                    take(message)
        except (redis.asyncio.RedisError, SQLAlchemyError, OSError, ValueError) as error:
            log.warning("no messages from this channel for now", error=type(error).__name__, channel=channel)
        await asyncio.sleep(PAUSE)
