"""Recording over real sockets: taken back means deleted, and a card's number is kept nowhere."""

import asyncio
from typing import Any

from sqlmodel import select

from campaign.records import Attempt, CallEvent
from qualify import tape
from tests.media.exchange import Exchange, Story

HELLO = {"at_ms": 300, "say": "Hello?"}
CARD = "4242424242424242"


def recordings(line: Exchange, ending: str) -> list[dict[str, Any]]:
    return next(list(call["recordings"]) for call in line.world.calls() if call["to"] == f"+121255501{ending}")


def statuses(line: Exchange, ending: str) -> list[str]:
    return [recording["status"] for recording in recordings(line, ending)]


def written(story: Story) -> str:
    """All that was kept of a call."""
    turns = [f"{turn.text} {turn.unheard}" for turn in story.turns]
    uses = [f"{use.arguments} {use.result}" for use in story.uses]
    taped = [str(event) for _, event in tape.read(story.call.tape or b"")[1]]
    return "\n".join([*turns, *uses, *taped, str(story.call.answers)])


async def test_a_recording_nobody_wants_any_more_is_deleted_at_once(line: Exchange):
    """R79, R82: while the call goes on, and its callback comes late."""
    line.world.faults("twilio", recording_callback_late_s=2)
    steps = [HELLO, {"at_ms": 14_000, "say": "Please don't record me."}, {"at_ms": 22_000, "hang_up": True}]
    line.world.script("+12125550131", steps)
    attempt_id = await line.ring("31")
    await line.until(lambda: statuses(line, "31") == ["in-progress"], "it is recorded", 40)
    await line.until(lambda: statuses(line, "31") == ["deleted"], "it is deleted", 40)
    story = await line.story(attempt_id)
    assert "recording_withdrawn" in story.flags
    await asyncio.sleep(2.5)  # the callback that is late
    with line.database.reading() as session:
        attempt = session.get_one(Attempt, attempt_id)
        events = session.exec(select(CallEvent.word).where(CallEvent.kind == "recording")).all()
    assert attempt.recording_status == "deleted"
    assert {"withdrawn", "deleted"} <= set(events)
    line.nothing_left()


async def test_a_card_number_pauses_the_recording_and_is_written_nowhere(line: Exchange):
    """Said by one, keyed in by the other."""
    keys = [{"at_ms": 14_000 + 250 * place, "press": digit} for place, digit in enumerate(CARD)]
    line.world.script("+12125550132", [HELLO, *keys, {"at_ms": 32_000, "hang_up": True}])
    said = {"at_ms": 14_000, "say": "My card number is 4242 4242 4242 4242."}
    line.world.script("+12125550133", [HELLO, said, {"at_ms": 32_000, "hang_up": True}])
    attempts = await asyncio.gather(line.ring("32"), line.ring("33"))
    stories = await asyncio.gather(*(line.story(attempt_id) for attempt_id in attempts))
    for ending in ("32", "33"):
        assert recordings(line, ending)[0]["ordered"][:2] == ["paused", "in-progress"]
    for story in stories:
        assert "card_number" in story.flags
        kept = written(story)
        assert CARD[:8] not in kept.replace(" ", "")
        assert "card number removed" in kept or kept.count("KeyPressed(digit='*')") == 12
    line.nothing_left()
