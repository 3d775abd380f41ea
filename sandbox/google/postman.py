"""Delivers push notifications: retried on 500, 502, 503 and 504 as Google does, recorded either way."""

import asyncio
from typing import Any

import httpx

from sandbox.google.channels import Notice
from sandbox.local import clock
from sandbox.local.faults import Faults

_RETRIED = {500, 502, 503, 504}
_WAITS_S = (0.2, 1.0, 5.0)


class Postman:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent: list[dict[str, Any]] = []

    def send(self, notice: Notice) -> None:
        """Fire and forget, as a change must not wait for its watchers."""
        lost = self._faults.take("lose_pushes")
        record: dict[str, Any] = {
            "address": notice.address,
            "headers": notice.headers,
            "at": clock.rfc3339(clock.now()),
            "answers": [],
            "lost": lost,
        }
        self.sent.append(record)
        if not lost:
            task = asyncio.get_running_loop().create_task(self._deliver(notice, record["answers"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, notice: Notice, answers: list[int | None]) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            for wait in (*_WAITS_S, None):
                status = await _posted(client, notice)
                answers.append(status)
                if status not in _RETRIED or wait is None:
                    return
                await asyncio.sleep(wait)


async def _posted(client: httpx.AsyncClient, notice: Notice) -> int | None:
    try:
        answer = await client.post(notice.address, headers=notice.headers | {"User-Agent": "APIs-Google"})
    except httpx.HTTPError:
        return None
    return answer.status_code
