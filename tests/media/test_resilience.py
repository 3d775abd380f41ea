"""What the Realtime API may do to a live call, on real sockets: the phone call lives through each of it."""

from typing import Any

import pytest

from tests.media.exchange import Exchange
from tests.media.test_calls import violations

GREETING = "an AI assistant calling for Brightroof"


@pytest.mark.parametrize(
    ("faults", "flag"),
    [
        pytest.param({"expire": {"after_s": 6, "code": 1000}}, "model_lost", id="expired unannounced"),
        pytest.param(
            {"reject_update": {"code": "unknown_parameter", "param": "session.reasoning", "null_event_id": True}},
            "update_refused",
            id="configuration refused, its id not returned: rules 4, 5",
        ),
        pytest.param(
            {"fail_response": {"code": "inference_rate_limit_exceeded"}}, "response_failed", id="rate limited: rule 41"
        ),
        pytest.param(
            {"incomplete": {"reason": "max_output_tokens", "after_ms": 900}}, "response_cut", id="cut: rule 42"
        ),
    ],
)
async def test_the_call_goes_on_to_its_end(line: Exchange, faults: dict[str, Any], flag: str):
    """Rules 4, 5, 41, 42, 57, 58: noted with the call, and the person is served all the same."""
    line.world.faults("realtime", **faults)
    story = await line.story(await line.ring("03"))
    assert (story.call.reached, story.call.wanted) == ("human", "declined")
    assert flag in story.flags
    assert "needs_callback" not in story.flags
    assert [v for v in violations(line) if "refused_event" not in v] == []
    line.nothing_left()


async def test_late_confirmation_keeps_everything_else_back(line: Exchange):
    """Rule 1: no audio, no item, no response before the configuration is in effect."""
    line.world.faults("realtime", delay_updated={"seconds": 2})
    story = await line.story(await line.ring("03"))
    assert story.call.wanted == "declined"
    assert story.said("agent").count(GREETING) == 1
    assert violations(line) == []


async def test_a_session_in_the_wrong_format_is_never_heard(line: Exchange):
    """Rule 2: an apology by local clip, no static."""
    line.world.faults("realtime", wrong_format={"times": 0})
    story = await line.story(await line.ring("03"))
    assert {"wrong_format", "needs_callback"} <= set(story.flags)
    assert story.call.ended_by == "system"
    line.nothing_left()
