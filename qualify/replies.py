"""The model's responses as they begin, end and fail: the slot, the money, and never dead air.

(realtime.md rules 27-29, 35-43, 62, 63)
"""

from collections.abc import Iterator

from qualify import closing, goals, opening, outage, patience, tooling
from qualify import events as ev
from qualify.commands import AskResponse, CancelResponse, Command
from qualify.ending import Stage as End
from qualify.greeting import Stage as Greet
from qualify.presence import Who
from qualify.responses import Slot, Wish
from qualify.talk import Talk

BUSY = "conversation_already_has_active_response"
RATE = frozenset({"rate_limit_exceeded", "inference_rate_limit_exceeded"})
FATAL = frozenset(
    [
        "insufficient_quota",
        "invalid_api_key",
        "account_deactivated",
        "billing_hard_limit_reached",
        "model_not_found",
        "beta_api_shape_disabled",
    ]
)
BENIGN = frozenset(
    [
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_retrieve_invalid_item_id",
        "invalid_tool_call_id",
        "session_expired",
    ]
)
REQUEST_TIMEOUT = 10.0
TRIES = 2
"""How often a failing response is tried again before the call is given up."""


def started(talk: Talk, event: ev.ResponseStarted, now: float) -> Iterator[Command]:
    wanted = talk.responses.started(event.response_id, event.request_id, frozenset(talk.tools.acknowledged))
    talk.recent_responses.append(event.response_id)
    talk.active_at = now
    too_late = talk.ending.stage is End.DRAINING or talk.ending.parting or talk.presence.mute
    if not wanted or too_late:
        talk.responses.discard(event.response_id)
        yield CancelResponse(talk.event_id("cancel"), event.response_id)
        return
    talk.presence.told = talk.presence.who is Who.SCREENER
    talk.latency.response_started(now)
    if talk.greeting.stage is Greet.SPEAKING and not talk.ending.decided:
        talk.greeting.response_ids.add(event.response_id)
    elif talk.listening:
        talk.greeting.unanswered = False


def ended(talk: Talk, event: ev.ResponseEnded, now: float) -> Iterator[Command]:
    talk.usage.add(event.usage)
    discarded = event.response_id in talk.responses.discarded
    talk.responses.ended(event.response_id)
    talk.recent_responses.append(event.response_id)
    talk.active_at, talk.hold_until = now, None
    items = [item_id for item_id, response_id in talk.spoke_by.items() if response_id == event.response_id]
    spoke = any(item_id in talk.playback.items for item_id in items)
    if not discarded:
        for item_id in items:
            yield from talk.playback.end(item_id)
        yield from patience.response_ended(talk, talk.text_of(items))
    yield from _status(talk, event, discarded, now)
    yield from opening.response_ended(talk, event.response_id, spoke and event.status != "failed", now)
    yield from tooling.reply(talk, event.response_id)
    if talk.ending.suspended and not discarded and talk.agent_since_caller and not talk.terms.transcribed:
        yield from closing.resume(talk, now)  # nothing tells what they said: the agent answered, the ending goes on
    yield from closing.progress(talk, now)


def _status(talk: Talk, event: ev.ResponseEnded, discarded: bool, now: float) -> Iterator[Command]:
    match event.status:
        case "failed":
            yield from failed(talk, event.code or event.reason, now)
        case "incomplete" if not discarded and event.reason == "max_output_tokens" and not talk.continued:
            talk.continued = True
            talk.flag("response_cut", event.reason)
            talk.responses.want(Wish(must=True))
        case "incomplete" if not discarded and event.reason == "content_filter":
            talk.flag("response_cut", event.reason)
            yield from talk.steer(
                "Your last reply was withheld. Say briefly that you can't help with that, and go on with the call."
            )
        case "completed":
            talk.failures, talk.continued = 0, False
        case _:
            return


def failed(talk: Talk, code: str, now: float) -> Iterator[Command]:
    """No audio will come of it: again after a moment, or the apology."""
    if talk.ending.decided:
        return
    talk.failures += 1
    talk.flag("response_failed", code)
    if code in FATAL or talk.failures > TRIES:
        yield from closing.give_up(talk, f"responses failed: {code}", now)
    elif talk.greeting.stage is not Greet.SPEAKING or code in RATE:
        talk.retry_at = now + (1.0 if code in RATE else 0.3) * talk.failures


def error(talk: Talk, event: ev.ModelError, now: float) -> Iterator[Command]:
    """An error event. It ends the call only when it is one that no retry mends."""
    talk.counts[f"error:{event.code}"] += 1
    if event.code in FATAL:
        yield from closing.give_up(talk, event.code, now)
    elif event.event_id.startswith("su_") or (not event.event_id and event.param.startswith("session")):
        yield from outage.refused(talk, event, now)
    elif event.code == BUSY:
        if talk.responses.refused(event.event_id, busy=True):
            talk.hold_until = now + 1.0
    elif event.event_id.startswith("cut_"):
        talk.counts["truncates_refused"] += 1
        talk.flag("truncate_refused", event.code)
    elif event.code in BENIGN:
        return
    elif talk.responses.refused(event.event_id, busy=False) and event.event_id:
        yield from failed(talk, event.code, now)


def next_response(talk: Talk, now: float) -> Iterator[Command]:
    """Send the waiting wish when the slot is free."""
    if talk.responses.wish is None or talk.responses.slot is not Slot.FREE or not talk.recovery.up:
        return
    if talk.hold_until is not None and now < talk.hold_until:
        return
    if talk.listening and talk.speaking and not talk.responses.wish.must:
        return  # the person has the floor; their turn will be answered, knowing what we wanted said
    if talk.ending.stage is End.DRAINING or talk.ending.parting or talk.presence.mute:
        talk.responses.wish = None
        return
    request = talk.event_id("rc")
    wish = talk.responses.next_request(request, now)
    if wish is not None:
        yield from goals.before_response(talk)
        yield AskResponse(request, wish.instructions)


def tick(talk: Talk, now: float) -> Iterator[Command]:
    """Retries that are due, and requests nobody answered. (rules 39, 41)"""
    if talk.retry_at is not None and now >= talk.retry_at:
        talk.retry_at = None
        talk.responses.want(Wish(must=True))
    if talk.hold_until is not None and now >= talk.hold_until:
        talk.hold_until = None
    responses = talk.responses
    if responses.slot is Slot.REQUESTED and now >= responses.requested_at + REQUEST_TIMEOUT:
        talk.flag("request_unanswered", "")
        again = responses.asked_for
        responses.give_up()
        if again is not None:
            responses.want(again)
    yield from ()
