"""A task that loses a cancellation still ends."""

import asyncio

from webhooks.media.tasks import end


async def test_a_lost_cancellation_is_repeated():
    lost = 0

    async def swallows_two() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 2:
                    raise

    task = asyncio.create_task(swallows_two())
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert lost == 3


async def test_what_a_task_raised_is_of_no_interest():
    async def breaks() -> None:
        raise ValueError

    task = asyncio.create_task(breaks())
    await asyncio.sleep(0)
    await end(task)
    assert task.done()
