"""The phone's side in trouble: sockets cut or half dead, an end told by the carrier alone, keys, a media process replaced."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator

from campaign.records import Attempt
from campaign.settings import Settings
from campaign.suppression import suppressed
from tests.conftest import free_port
from tests.media.exchange import ACCOUNT, FROM, TOKEN, Exchange, World, exchange, settings_for
from tests.media.test_disturbances import media_process

TALKS = [
    {"at_ms": 300, "say": "Hello?"},
    {"after_agent_ms": 600, "say": "Yes, sure."},
    {"at_ms": 60_000, "hang_up": True},
]


def state(line: Exchange, attempt_id: str) -> str:
    with line.database.reading() as session:
        return session.get_one(Attempt, attempt_id).state


async def greeted(line: Exchange) -> None:
    await line.until(lambda: any(call["heard"] for call in line.world.calls()), "the greeting is heard", 60)


@pytest.mark.parametrize("fault", [{"ws_drop_mid": 1, "ws_drop_ms": 4000}, {"ws_no_stop": True}])
async def test_a_socket_that_ends_without_a_stop_leaves_nothing_behind(line: Exchange, fault: dict[str, Any]):
    """R70: session closed, model's socket closed, the attempt ended by the carrier's own callback."""
    line.world.faults("twilio", **fault)
    hangs_up = [{"at_ms": 300, "say": "Hello?"}, {"at_ms": 7000, "hang_up": True}]
    line.world.script("+12125550120", hangs_up)
    attempt_id = await line.ring("20")
    story = await line.story(attempt_id)
    assert story.call.ended_by == "carrier"
    await line.until(
        lambda: all(s.get("closed", True) for s in line.world.sessions()), "the model's socket stays open", 10
    )
    await line.until(lambda: state(line, attempt_id) == "completed", "the carrier says that the call is over")
    await line.until(lambda: not line.board.live, "the call is let go")
    line.nothing_left()


async def test_a_socket_that_is_half_dead_is_noticed_by_the_watchdog(line: Exchange):
    """R73: nothing comes and nothing closes."""
    line.world.faults("twilio", ws_half_open=True, ws_drop_ms=6000)
    line.world.script("+12125550120", TALKS)
    attempt_id = await line.ring("20")
    story = await line.story(attempt_id)
    assert "media_dead" in story.flags
    await line.until(lambda: state(line, attempt_id) == "completed", "the call is ended at the carrier")
    await line.until(lambda: not line.board.live, "the call is let go")
    line.nothing_left()


async def test_a_key_opts_out(line: Exchange):
    """R74."""
    line.world.script("+12125550120", [*TALKS[:1], {"after_agent_ms": 400, "press": "9"}, *TALKS[2:]])
    story = await line.story(await line.ring("20"))
    assert story.call.wanted == "opted_out"
    with line.database.reading() as session:
        found = suppressed(session, "+12125550120", "solar-us")
    assert found is not None
    assert found.channel == "keypress"


async def test_the_carriers_word_alone_ends_the_conversation(
    world: World, sqlite_url: str, valkey_url: str, tmp_path: Path
):
    """R71: the terminal callback comes, the socket stays as it is."""
    settings = settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)
    async with exchange(world, settings) as line:
        world.script("+12125550120", TALKS)
        attempt_id = await line.ring("20")
        await greeted(line)
        address = f"{settings.public_base}/twilio/{attempt_id}/status"
        form = {"AccountSid": ACCOUNT, "CallSid": world.calls()[0]["sid"], "To": "+12125550120", "From": FROM,
                "CallStatus": "completed", "SequenceNumber": "77", "CallDuration": "9"}  # fmt: skip
        headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(address, form)}
        async with httpx.AsyncClient() as http:
            assert (await http.post(address, data=form, headers=headers)).status_code == 204
        story = await line.story(attempt_id)
        assert "media_dead" not in story.flags, "the watchdog was not needed"
        assert story.call.ended_by == "caller"
        await line.until(lambda: not line.board.live, "the call is let go")
        line.nothing_left()


@asynccontextmanager
async def balancer(port: int, backends: list[Settings]) -> AsyncIterator[None]:
    """What stands in front of media processes: connects to the first that says it is ready, byte for byte."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for backend in backends:
            if (await asyncio.to_thread(ask_port, backend.media_port))[0] == 200:
                inner, outer = await asyncio.open_connection("127.0.0.1", backend.media_port)
                await asyncio.gather(carry(reader, outer), carry(inner, writer))
                return
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield


def ask_port(port: int) -> tuple[int, str]:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz")
        return answer.status_code, answer.text
    return 0, ""


async def test_a_deployment_drops_no_call(world: World, sqlite_url: str, valkey_url: str, tmp_path: Path):
    """R76: the old process drains and keeps its call, the new one takes those that come; both calls end as they should."""
    here = settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)
    front = free_port()
    shared = here.model_copy(update={"media_public_url": f"http://127.0.0.1:{front}"})
    old, new = (shared.model_copy(update={"media_port": free_port()}) for _ in range(2))
    with media_process(old, tmp_path / "old.log") as draining, media_process(new, tmp_path / "new.log"):
        async with balancer(front, [old, new]), exchange(world, shared) as line:
            for one in (old, new):
                await line.until(lambda one=one: ask_port(one.media_port) == (200, "ready\n"), "it listens", 60)
            first = await line.ring("03")
            await greeted(line)
            draining.send_signal(signal.SIGTERM)
            await line.until(lambda: ask_port(old.media_port) == (503, "draining\n"), "it says that it drains", 10)
            second = await line.ring("11")
            stories = await asyncio.gather(line.story(first), line.story(second))
            assert [story.call.wanted for story in stories] == ["declined", "not_qualified"]
            assert [story.flags for story in stories] == [[], []]
            assert await asyncio.to_thread(draining.wait, 30) == os.EX_OK
            assert ask_port(new.media_port) == (200, "ready\n")


async def test_a_caller_waits_on_the_line_while_the_only_media_process_is_replaced(
    world: World, sqlite_url: str, valkey_url: str, tmp_path: Path
):
    """R76, through the relay of the web process: refused by the draining one, held, taken by the next on the same port."""
    here = settings_for(world, sqlite_url, tmp_path, free_port(), free_port(), valkey_url)
    relayed = here.model_copy(update={"media_public_url": None})
    idle = here.model_copy(update={"media_port": free_port()})
    world.script("+12125550120", [*TALKS[:2], {"at_ms": 25_000, "hang_up": True}])
    async with exchange(world, relayed, media=idle) as line:
        with media_process(relayed, tmp_path / "old.log") as draining:
            await line.until(lambda: ask_port(relayed.media_port)[0] == 200, "it listens", 60)
            first = await line.ring("20")
            await greeted(line)
            draining.send_signal(signal.SIGTERM)
            await line.until(lambda: ask_port(relayed.media_port)[0] == 503, "it drains", 10)
            second = await line.ring("11")
            assert (await line.story(first)).call.ended_by == "caller"
            assert await asyncio.to_thread(draining.wait, 30) == os.EX_OK
        with media_process(relayed, tmp_path / "new.log"):
            assert (await line.story(second)).call.wanted == "not_qualified"
