"""Overload is refused, not suffered: what counts as full, and what a full process answers."""

import asyncio

import httpx
import pytest
import redis
import redis.asyncio
from websockets.exceptions import InvalidStatus

from campaign import live
from tests.media.exchange import Exchange
from tests.media.test_door import attempt, knock, signature, start
from webhooks.media.load import FEW, TICK, WINDOW, Limits, Load


def loaded(limits: Limits, *, late: float = 0.0, busy: float = 0.1, calls: int = 50, ticks: int = WINDOW) -> Load:
    load = Load(limits)
    load.calls = calls
    strain(load, late=late, busy=busy, ticks=ticks)
    return load


def strain(load: Load, *, late: float = 0.0, busy: float = 0.1, ticks: int = WINDOW) -> None:
    """Readings of two seconds in which the loop was that late and that busy."""
    wall, used = load._marks[-1] if load._marks else (0.0, 0.0)
    for _ in range(ticks):
        wall, used = wall + TICK, used + TICK * busy
        load.tick(late, wall, used)


def test_a_busy_loop_takes_no_more_calls_and_opens_again_well_below_its_limit():
    load = loaded(Limits(busy=0.8), busy=0.7)
    assert load.reason == ""
    strain(load, busy=0.85)
    assert load.reason == "busy"
    strain(load, busy=0.75)
    assert load.reason == "busy", "at the edge it would flap"
    strain(load, busy=0.6)
    assert load.reason == ""


def test_a_late_loop_takes_no_more_calls():
    assert loaded(Limits(lag_ms=20), late=0.030).reason == "late"
    assert loaded(Limits(lag_ms=20), late=0.010).reason == ""


def test_one_long_stall_is_no_overload():
    load = loaded(Limits(lag_ms=20))
    load.tick(0.5, 100.0, 1.0)
    assert load.lag_ms < 20


def test_a_fixed_number_of_calls_is_a_limit_of_its_own():
    assert loaded(Limits(calls=50)).reason == "calls"
    assert loaded(Limits(calls=51)).reason == ""


def test_with_hardly_a_call_nothing_is_refused_for_load():
    """Something else on the machine makes it late; a refused call would not change that."""
    assert loaded(Limits(lag_ms=20), late=0.5, calls=FEW - 1).reason == ""


async def test_a_full_process_refuses_new_streams_and_keeps_those_it_has(line: Exchange):
    attempt_id = await attempt(line)
    path = f"/media/{attempt_id}"
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.settings.media_port}") as http,
        knock(line, path, signature(line, path)) as running,
    ):
        await running.send(start(attempt_id))
        await line.until(lambda: attempt_id in line.board.live, "one call is on")
        line.board._load._limits = Limits(calls=1)
        with pytest.raises(InvalidStatus) as refused:
            await knock(line, "/media/att_2", signature(line, "/media/att_2"))
        assert (refused.value.response.status_code, refused.value.response.body) == (503, b"overloaded\n")
        with pytest.raises(InvalidStatus) as stranger:
            await knock(line, "/media/att_2", {"X-Twilio-Signature": "x"})
        assert stranger.value.response.status_code == 403, "who is not Twilio learns nothing"
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "overloaded\n")
        assert (await http.get("/healthz")).status_code == 200
        assert 'firstring_media_refused_total{code="overloaded"}' in (await http.get("/metrics")).text
        assert attempt_id in line.board.live
    story = await line.story(attempt_id)
    assert story.call.ended_by == "carrier"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.settings.media_port}") as http:
        assert (await http.get("/readyz")).status_code == 200


async def test_the_web_process_learns_that_nobody_has_room(valkey_url: str):
    """All that were heard of lately must be full; the silent and the dead don't count, and are forgotten."""
    client, asked = redis.asyncio.from_url(valkey_url), redis.Redis.from_url(valkey_url)
    assert not live.media_is_full(asked, 100.0)
    await live.tell_media(client, "one", "busy", 100.0)
    assert live.media_is_full(asked, 101.0)
    await live.tell_media(client, "two", "", 101.0)
    assert not live.media_is_full(asked, 102.0)
    await live.tell_media(client, "one", "busy", 110.0)
    assert live.media_is_full(asked, 110.0), "the other one has been silent"
    await live.tell_media(client, "one", "busy", 200.0)
    assert await asyncio.to_thread(asked.hkeys, live.MEDIA) == [b"one"]
    assert not live.media_is_full(asked, 300.0)
    await client.aclose()
    asked.close()
