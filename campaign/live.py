"""Messages to and from a live call over Redis pub/sub: who answered, supervisor commands, the live transcript.

Fire and forget: whatever must survive is in the database first. Values are JSON objects with a `kind`.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import redis
import redis.asyncio

CALL = "firstring:call:{}"
"""To the media process that holds the call: `{"kind": "amd", "answered_by": …}`, `{"kind": "ended"}`, and a supervisor's
orders with `by`: `opt_out`, `hang_up`, `take_over` (`person`), `whisper` and `speak` (`text`)."""
RINGING = "firstring:ringing"
"""To every media process: `{"kind": "ringing", "campaign": …}`, so that calendars are read before anybody answers."""
WATCH = "firstring:watch:{}"
"""From the media process to whoever watches: turns, states, tool uses."""
TOLD = "firstring:told:{}"
"""What watchers were told of a call so far, for whoever begins to watch: a list, forgotten a while after the last word."""
TOLD_MOST = 400
FORGOTTEN_AFTER_S = 900
MEDIA = "firstring:media-processes"
"""What each media process says of itself every second: a hash of its name and `{"at": real seconds, "full": reason or ""}`."""
FRESH_SECONDS = 5


def tell_call(client: redis.Redis, attempt_id: str, message: dict[str, Any]) -> int:
    """Publish to the call; returns how many listeners got it (0: no media process holds it)."""
    return int(client.publish(CALL.format(attempt_id), json.dumps(message)))


def tell_ringing(client: redis.Redis, campaign: str) -> None:
    """A phone rings for this campaign."""
    client.publish(RINGING, json.dumps({"kind": "ringing", "campaign": campaign}))


async def tell_watchers(client: redis.asyncio.Redis, told: Iterable[tuple[str, str]]) -> None:
    """Attempt and text of each message, in one round trip: to those who watch now, and kept for those who come."""
    pipe = client.pipeline(transaction=False)
    kept: dict[str, list[str]] = {}
    for attempt_id, text in told:
        pipe.publish(WATCH.format(attempt_id), text)
        kept.setdefault(TOLD.format(attempt_id), []).append(text)
    for name, texts in kept.items():
        pipe.rpush(name, *texts)
        pipe.ltrim(name, -TOLD_MOST, -1)
        pipe.expire(name, FORGOTTEN_AFTER_S)
    await pipe.execute()


def told(client: redis.Redis, attempt_id: str) -> list[dict[str, Any]]:
    """Oldest first; empty when nothing was said yet, or long ago."""
    return [json.loads(text) for text in client.lrange(TOLD.format(attempt_id), 0, -1)]


def media_is_full(client: redis.Redis, now: float) -> bool:
    """Whether every media process heard of lately takes no more calls; none heard of counts as room."""
    told = [json.loads(said) for said in client.hgetall(MEDIA).values()]
    fresh = [process["full"] for process in told if now - process["at"] <= FRESH_SECONDS]
    return bool(fresh) and all(fresh)


async def tell_media(client: redis.asyncio.Redis, name: str, full: str, now: float) -> None:
    """Say how this process is; what the dead have left is dropped with it."""
    for other, said in (await client.hgetall(MEDIA)).items():
        if now - json.loads(said)["at"] > 10 * FRESH_SECONDS:
            await client.hdel(MEDIA, other)
    await client.hset(MEDIA, name, json.dumps({"at": now, "full": full}))


@asynccontextmanager
async def messages(client: redis.asyncio.Redis, channel: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Subscribe; the iterator yields decoded messages until the block ends."""
    async with client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(channel)

        async def read() -> AsyncIterator[dict[str, Any]]:
            async for item in subscription.listen():
                yield json.loads(item["data"])

        yield read()
