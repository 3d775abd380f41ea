"""events.watch: the sync message first, `exists` for each change, nothing after channels.stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

SAL = "sal@example.com"
Execute = Callable[[Any], Any]
Refusal = Callable[[Any], tuple[int, str]]
BODY = {"start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T10:30:00Z"}}


class Watcher:
    """A real HTTP listener that answers 200 and keeps the headers; `refuse` answers that many 503s first."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.refuse = 0
        self.news = asyncio.Event()
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        self.heard.append({name.lower(): value for name, _, value in (line.partition(": ") for line in head)})
        self.news.set()
        self.refuse -= 1
        status = "503 Busy" if self.refuse >= 0 else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def until(self, count: int) -> list[dict[str, str]]:
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self.news.clear()
                await self.news.wait()
        return self.heard


@pytest.fixture
async def watcher() -> AsyncIterator[Watcher]:
    watcher = Watcher()
    async with await asyncio.start_server(watcher.answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        watcher.address = f"http://{host}:{port}/google/calendar"
        yield watcher


async def watch(calendar: Any, execute: Execute, watcher: Watcher, **more: Any) -> Any:
    body = {"id": "channel-1", "type": "web_hook", "address": watcher.address, "token": "t-1"} | more
    return await asyncio.to_thread(execute, calendar.events().watch(calendarId=SAL, body=body))


async def put(calendar: Any, execute: Execute) -> None:
    await asyncio.to_thread(execute, calendar.events().insert(calendarId=SAL, body=BODY))


async def test_sync_then_exists_then_silence(calendar: Any, execute: Execute, watcher: Watcher) -> None:
    channel = await watch(calendar, execute, watcher)
    await watcher.until(1)
    await put(calendar, execute)
    heard = await watcher.until(2)
    assert [one["x-goog-resource-state"] for one in heard] == ["sync", "exists"]
    assert [one["x-goog-message-number"] for one in heard] == ["1", "2"]
    assert {one["x-goog-channel-token"] for one in heard} == {"t-1"}
    assert {one["x-goog-resource-id"] for one in heard} == {channel["resourceId"]}
    assert {one["content-length"] for one in heard} == {"0"}
    ended = {"id": "channel-1", "resourceId": channel["resourceId"]}
    await asyncio.to_thread(execute, calendar.channels().stop(body=ended))
    await put(calendar, execute)
    assert len(watcher.heard) == 2


async def test_a_refused_push_comes_again(calendar: Any, execute: Execute, watcher: Watcher) -> None:
    watcher.refuse = 1
    await watch(calendar, execute, watcher)
    heard = await watcher.until(2)
    assert [one["x-goog-message-number"] for one in heard] == ["1", "1"]


async def test_a_lost_push_is_recorded_as_lost(
    calendar: Any, execute: Execute, watcher: Watcher, google: httpx.Client
) -> None:
    await watch(calendar, execute, watcher)
    await watcher.until(1)
    await asyncio.to_thread(google.post, "/_sandbox/faults", json={"lose_pushes": 1})
    await put(calendar, execute)
    pushes = await asyncio.to_thread(google.get, "/_sandbox/pushes")
    assert [one["lost"] for one in pushes.json()] == [False, True]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"address": "http://example.com/hook"}, "push.webhookUrlNotHttps"),
        ({"type": "carrier_pigeon"}, "channelUnknown"),
        ({"token": "t" * 257}, "invalid"),
        ({"id": ""}, "required"),
    ],
)
def test_bad_channels_are_refused(calendar: Any, refusal: Refusal, more: dict[str, str], reason: str) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": "https://example.com/hook"} | more
    assert refusal(calendar.events().watch(calendarId=SAL, body=body)) == (400, reason)


def test_a_channel_id_serves_once_and_is_stopped_by_its_resource(
    calendar: Any, execute: Execute, refusal: Refusal
) -> None:
    body = {"id": "channel-1", "type": "web_hook", "address": "https://127.0.0.1:9/hook"}
    execute(calendar.events().watch(calendarId=SAL, body=body))
    assert refusal(calendar.events().watch(calendarId=SAL, body=body)) == (400, "channelIdNotUnique")
    assert refusal(calendar.channels().stop(body={"id": "channel-1", "resourceId": "other"})) == (404, "notFound")
