"""The leads door beside a bare FastAPI route that parses the same JSON and inserts one row: same server, same database, same run.

Server time is what the process itself measures around its app (the product's own `/metrics`; the same clock in the bare
one), so the client's work on the same machine is not counted. Accepted per second is with 8 connections at once.
"""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.demo.submit import signed
from tests.conftest import die_with_parent, free_port
from tests.journeys.stack import SECRET, Stack, until

CLIENTS = 8


@dataclass(frozen=True)
class Measured:
    """Milliseconds of server time for one lead, one after the other; leads a second with several clients."""

    alone_ms: float
    busy_ms: float
    per_second: float


def lead(number: int) -> bytes:
    return json.dumps(
        {
            "external_id": uuid.uuid4().hex,
            "first_name": "Maria",
            "email": "maria@example.com",
            "phone": f"+1646{200 + number // 10000 % 700}{number % 10000:04d}",
            "country": "US",
            "timezone": "America/New_York",
            "answers": {"homeowner": "yes"},
            "consent": {"given": True, "text": "I agree to be called. " * 6, "method": "checkbox"},
        }
    ).encode()


def measure(url: str, offset: float, leads: int) -> Measured:
    """`leads` one after the other, then as many from several clients."""
    bodies = [lead(number) for number in range(2 * leads)]
    with httpx.Client(base_url=url, timeout=30) as client:
        for body in bodies[:20]:
            _post(client, body.replace(b"+1646", b"+1917"), offset)
        count, seconds = _spent(client)
        for body in bodies[:leads]:
            _post(client, body, offset)
        alone_count, alone = _spent(client)

        def share(some: list[bytes]) -> None:
            with httpx.Client(base_url=url, timeout=30) as mine:
                for body in some:
                    _post(mine, body, offset)

        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(share, [bodies[leads + index :: CLIENTS] for index in range(CLIENTS)]))
        took = time.perf_counter() - began
        busy_count, busy = _spent(client)
    sent = sum(len(bodies[leads + index :: CLIENTS]) for index in range(CLIENTS))
    return Measured(
        1000 * (alone - seconds) / (alone_count - count),
        1000 * (busy - alone) / (busy_count - alone_count),
        sent / took,
    )


def _post(client: httpx.Client, body: bytes, offset: float) -> None:
    headers = {"content-type": "application/json", **signed(body, SECRET, offset)}
    answer = client.post("/leads/website", content=body, headers=headers)
    assert answer.status_code == 202, answer.text


def _spent(client: httpx.Client) -> tuple[float, float]:
    """Requests and seconds of the leads door so far."""
    text = client.get("/metrics").text
    labels = r'\{[^}]*route="/leads/\{source\}"[^}]*status="202"[^}]*\}|\{[^}]*status="202"[^}]*route="/leads/\{source\}"[^}]*\}'
    count = sum(float(value) for _, value in re.findall(rf"_seconds_count({labels}) (\S+)", text))
    spent = sum(float(value) for _, value in re.findall(rf"_seconds_sum({labels}) (\S+)", text))
    return count, spent


@contextmanager
def bare(stack: Stack, database_url: str) -> Iterator[str]:
    """The bare route, served as the product is: uvicorn, one process."""
    port = free_port()
    environment = {**stack.environment, "BARE_DATABASE_URL": database_url}
    words = ["-m", "uvicorn", "tests.bench.bare:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is held in our threads
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _alive(url), "the bare route answers", 30)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _alive(url: str) -> bool:
    try:
        return httpx.get(url + "/metrics").is_success
    except httpx.TransportError:
        return False


def compare(database_url: str | None, leads: int) -> dict[str, Measured]:
    """Product and bare route on one database, one after the other."""
    with Stack(database_url=database_url, only_web=True) as stack:
        found = {"firstring": measure(stack.urls["web"], stack.offset, leads)}
        bare_url = database_url or f"sqlite:///{Path(stack.folder) / 'bare.db'}"
        with bare(stack, bare_url) as url:
            found["bare FastAPI route"] = measure(url, stack.offset, leads)
    return found
