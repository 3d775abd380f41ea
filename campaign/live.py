"""Messages to and from a live call over Redis pub/sub: who answered, supervisor commands, the live transcript.

Fire and forget: whatever must survive is in the database first. Values are JSON objects with a `kind`.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis
import redis.asyncio

CALL = "firstring:call:{}"
"""To the media process that holds the call: `{"kind": "amd", "answered_by": …}`, `{"kind": "ended"}`, `{"kind": "opt_out"}`."""
WATCH = "firstring:watch:{}"
"""From the media process to whoever watches: turns, states, tool uses."""


def tell_call(client: redis.Redis, attempt_id: str, message: dict[str, Any]) -> int:
    """Publish to the call; returns how many listeners got it (0: no media process holds it)."""
    return int(client.publish(CALL.format(attempt_id), json.dumps(message)))


@asynccontextmanager
async def messages(client: redis.asyncio.Redis, channel: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Subscribe; the iterator yields decoded messages until the block ends."""
    async with client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(channel)

        async def read() -> AsyncIterator[dict[str, Any]]:
            async for item in subscription.listen():
                yield json.loads(item["data"])

        yield read()
