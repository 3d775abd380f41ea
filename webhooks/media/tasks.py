"""Ending a task for certain: one cancellation may get lost inside a library that answers in the same moment.

Seen with redis-py 8 on Python 3.11 (a publish under way); known of `asyncio.wait_for` there (cpython issue 86296).
"""

import asyncio
from typing import Any

AGAIN = 0.2
TRIES = 20


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel until it has ended, for a few seconds at most; what it raised is of no interest any more."""
    for _ in range(TRIES):
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN)
        if task.done():
            _ = task.cancelled() or task.exception()
            return
