"""Whole calls through the media process: real sockets, real speech, a scripted judgement."""

import asyncio
import json

import pytest

from campaign.records import Suppression
from campaign.suppression import suppressed
from qualify.tape import read
from tests.media.exchange import Exchange

FINE = {"call_never_answered"}
"""A call that was hung up on may leave a tool unanswered; everything else the API's rules name is a bug of ours."""


def violations(line: Exchange) -> list[str]:
    return [
        v for session in line.world.sessions() for v in map(str, session["violations"]) if not any(f in v for f in FINE)
    ]


async def test_five_people_at_once(line: Exchange):
    """Booking, refusing, opting out, a voicemail, a callback: each ends as it should, and nothing is left behind."""
    endings = {"01": "booked", "03": "declined", "05": None, "09": "opted_out", "10": "callback"}
    attempts = dict(zip(endings, await asyncio.gather(*(line.ring(ending) for ending in endings)), strict=True))
    stories = dict(zip(endings, await asyncio.gather(*(line.story(a) for a in attempts.values())), strict=True))
    assert {ending: story.call.wanted for ending, story in stories.items()} == endings

    booked = stories["01"]
    assert booked.call.reached == "human"
    assert booked.call.ended_by == "agent"
    assert booked.call.disclosed_at_ms
    assert booked.call.cost_usd > 0
    assert {use.name for use in booked.uses} == {"save_answers", "check_slots", "schedule", "end_call"}
    assert booked.call.answers["homeowner"] == "yes"
    assert booked.said("agent").count("an AI assistant calling for Brightroof") == 1
    assert "Goodbye." in booked.said("agent")
    assert booked.flags == []
    assert "hang_up_ms" in booked.call.latency
    header, events = read(booked.call.tape or b"")
    assert header["playbook"] == "solar-us"
    assert len(list(events)) > 100

    assert stories["05"].call.reached == "voicemail"
    assert stories["10"].lead.callback_at is not None
    with line.database.reading() as session:
        found = suppressed(session, "+12125550109", "solar-us")
    assert isinstance(found, Suppression)
    assert found.channel == "voice"
    assert violations(line) == []
    await line.until(lambda: not any(call["alive"] for call in line.world.calls()), "calls live on at the carrier")
    assert [call["alerts"] for call in line.world.calls() if call["alerts"]] == []
    line.nothing_left()


@pytest.mark.parametrize("fault", [{"after_ms": 500, "code": 1011}, {"after_ms": 500}])
async def test_a_model_that_dies_in_mid_sentence_costs_no_call(line: Exchange, fault: dict[str, int]):
    """Rules 57, 58: the person hears the rest, the session is rebuilt, nobody is greeted twice."""
    attempt = await line.ring("03")
    await line.until(lambda: any(c["said"] for c in line.world.calls()), "the person says hello")
    line.world.faults("realtime", drop=fault)
    story = await line.story(attempt)
    assert story.call.wanted == "declined"
    assert "model_lost" in story.flags
    assert len(line.world.sessions()) == 2
    line.nothing_left()


async def test_a_model_that_falls_silent_is_replaced(line: Exchange):
    """Half-open: nothing is sent or read any more."""
    attempt = await line.ring("03")
    await line.until(lambda: any(c["heard"] for c in line.world.calls()), "the greeting is heard")
    line.world.faults("realtime", stall={"after_ms": 0})
    story = await line.story(attempt)
    assert story.call.reached == "human"
    assert story.call.wanted in ("declined", "needs_human")
    line.nothing_left()


async def test_no_model_at_all_is_an_apology_and_the_end(line: Exchange):
    """R72: no silent open call."""
    line.world.faults("realtime", handshake={"status": 503, "times": 0})
    story = await line.story(await line.ring("01"))
    assert "needs_callback" in story.flags
    assert "Someone will call you back" in story.said("agent")
    assert story.call.ended_by == "system"
    line.nothing_left()


async def test_odd_events_errors_and_late_audio_change_nothing(line: Exchange):
    """Rules 21, 60-63."""
    line.world.faults(
        "realtime",
        unknown_events={"count": 3, "times": 3},
        server_error={"times": 2},
        late_deltas={"count": 5, "times": 2},
        delay_updated={"seconds": 1},
    )
    story = await line.story(await line.ring("03"))
    assert story.call.wanted == "declined"
    assert violations(line) == []


async def test_a_person_who_hangs_up_leaves_nothing_behind(line: Exchange):
    """Rules 54, 57; R70."""
    story = await line.story(await line.ring("08"))
    assert story.call.reached == "human"
    assert story.call.ended_by == "caller"
    assert story.call.wanted is None
    await line.until(
        lambda: all(s.get("closed", True) for s in line.world.sessions()), "the model's socket stays open", 5
    )
    line.nothing_left()


async def test_draining_waits_for_the_call(line: Exchange):
    """R76."""
    attempt = await line.ring("03")
    await line.until(lambda: bool(line.board.live), "the stream opens")
    assert await line.board.drain(60) == 0
    story = await line.story(attempt)
    assert story.call.wanted == "declined"
    assert json.dumps(story.call.latency)
