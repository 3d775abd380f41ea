"""Leads at a fixed rate, whether or not the answers keep up: what a sender waits, from the moment it meant to send.

Each is signed for itself. The load comes from one process over kept-alive connections, so that its work stays small.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

import httptools

from sandbox.demo.submit import signed
from tests.bench.doors import lead


@dataclass(frozen=True)
class Rushed:
    """Answered 202 a second, and how long senders waited, in ms."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


class _Connection(asyncio.Protocol):
    """One request at a time; `idle` connections wait for the next."""

    def __init__(self, idle: "asyncio.Queue[_Connection]", done: "asyncio.Queue[tuple[int, float]]") -> None:
        self._idle, self._done = idle, done
        self._parser = httptools.HttpResponseParser(self)
        self._meant = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._idle.put_nowait(self)

    def send(self, request: bytes, meant: float) -> None:
        self._meant = meant
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._done.put_nowait((self._parser.get_status_code(), time.perf_counter() - self._meant))
        self._parser = httptools.HttpResponseParser(self)
        self._idle.put_nowait(self)


def request(number: int, secret: str, offset: float) -> bytes:
    body = lead(number)
    headers = {
        "host": "bench",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **signed(body, secret, offset),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /leads/website HTTP/1.1\r\n{lines}\r\n".encode() + body


async def rush(
    host: str, port: int, secret: str, offset: float, rate: float, seconds: float, connections: int
) -> Rushed:
    idle: asyncio.Queue[_Connection] = asyncio.Queue()
    done: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    requests = [request(number, secret, offset) for number in range(int(rate * seconds))]
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(idle, done), host, port)
    began = time.perf_counter()
    for number, one in enumerate(requests):
        meant = began + number / rate
        if (early := meant - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        (await idle.get()).send(one, meant)
    answers = [await asyncio.wait_for(done.get(), 60) for _ in requests]
    took = time.perf_counter() - began
    waits = sorted(wait for _, wait in answers)
    taken = Counter(status for status, _ in answers)
    p50, p99 = (1000 * waits[int(share * (len(waits) - 1))] for share in (0.5, 0.99))
    return Rushed(taken[202] / took, p50, p99, len(waits) - taken[202])


def measure(url: str, secret: str, offset: float, rate: float, seconds: float, connections: int = 128) -> Rushed:
    """`rush` in a process of its own."""
    words = [
        sys.executable,
        "-m",
        "tests.bench.rush",
        url,
        secret,
        str(offset),
        str(rate),
        str(seconds),
        str(connections),
    ]
    told = subprocess.run(words, check=True, capture_output=True, text=True, timeout=seconds + 120)
    return Rushed(**json.loads(told.stdout.splitlines()[-1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rush", description=__doc__)
    for name in ("url", "secret"):
        parser.add_argument(name)
    for name in ("offset", "rate", "seconds", "connections"):
        parser.add_argument(name, type=float)
    given = parser.parse_args()
    host, _, port = given.url.removeprefix("http://").partition(":")
    found = asyncio.run(
        rush(host, int(port), given.secret, given.offset, given.rate, given.seconds, int(given.connections))
    )
    print(json.dumps(found.__dict__))
