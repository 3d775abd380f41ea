"""The start of a call: when to greet, and until when the greeting is protected.

Greeting is asked for exactly once; only a failed one is asked for again. (realtime.md rules 1, 8, 33)
"""

from collections.abc import Iterator

from qualify import closing, floor
from qualify.commands import Command, Tell
from qualify.greeting import Stage
from qualify.responses import Wish
from qualify.talk import Talk

TRIES = 3
"""Responses that may say nothing."""
MENDS = 2


def greet(talk: Talk, now: float) -> Iterator[Command]:
    if due(talk) is None:
        return
    talk.greeting.stage = Stage.SPEAKING
    talk.greeting.tries += 1
    talk.responses.want(Wish(must=True))
    yield Tell("state", {"state": "greeting"})


def due(talk: Talk) -> float | None:
    """When silence alone makes us speak first."""
    waits = talk.greeting.stage is Stage.WAITING and talk.recovery.up
    if not waits or talk.ending.decided or talk.presence.waiting:
        return None
    ready = max(talk.recovery.up_at, talk.started_at)
    return ready + (talk.terms.greet_at_latest if talk.speaking else talk.terms.greet_after)


def progress(talk: Talk, now: float) -> Iterator[Command]:
    """More was heard: once that covers the mandatory part, listen again."""
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or not greeting.complete:
        return
    spoken = [talk.playback.items[i] for i in greeting.item_ids if i in talk.playback.items]
    total = sum(one.heard if one.flushed else one.received for one in spoken)
    heard = sum(one.heard for one in spoken)
    if total and heard >= total * greeting.protected_share(_audible(talk)):
        greeting.heard_ms = talk.ms(now)
        yield from listen(talk, now)


def listen(talk: Talk, now: float) -> Iterator[Command]:
    """From here on speech may interrupt, that which is just being spoken as well."""
    talk.greeting.stage = Stage.DONE
    if talk.speaking and not talk.ending.final:
        yield from floor.began(talk, now, now)


def response_ended(talk: Talk, response_id: str, spoke: bool, now: float) -> Iterator[Command]:
    """A response of the protected greeting ended: again when it said nothing, more when it left something out.

    No conversation begins undisclosed: a model that won't say its lines is replaced by an apology and a callback.
    """
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or response_id not in greeting.response_ids:
        return
    missing = greeting.missing(_audible(talk))
    if missing and talk.ending.decided:
        return  # nothing but the goodbye is still to be said
    if not spoke and greeting.tries < TRIES:
        greeting.tries += 1
        talk.responses.want(Wish(must=True))
        return
    if missing and (not spoke or greeting.mends >= MENDS):
        yield from closing.give_up(talk, "greeting not said", now)
        return
    if missing:
        greeting.mends += 1
        talk.flag("greeting_incomplete", f"{len(missing)} mandatory lines")
        yield from talk.steer(
            "You left out mandatory words. Say exactly this now and nothing else: " + " ".join(missing)
        )
        return
    greeting.complete, greeting.said_at = True, now
    yield from progress(talk, now)


def _audible(talk: Talk) -> str:
    """What was said of the greeting and not cut off: words that were stopped before they were heard don't count."""
    sounding = [item_id for item_id in talk.greeting.item_ids if item_id in talk.playback.items]
    return " ".join(line.heard for item_id in sounding if (line := talk.transcript.find(item_id)))


def overdue(talk: Talk) -> float | None:
    """When to stop waiting for echoes of the greeting: it must have been played by then."""
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or not greeting.complete:
        return None
    total = sum(talk.playback.items[i].ms for i in greeting.item_ids if i in talk.playback.items)
    return greeting.said_at + total / 1000 + 3.0


def answer_due(talk: Talk) -> float | None:
    """When to answer what the person said during the protection, if they don't say more."""
    waiting = talk.listening and talk.greeting.unanswered and not talk.speaking
    free = talk.recovery.up and not talk.responses.busy and talk.playback.silent and not talk.ending.decided
    return talk.active_at + 1.2 if waiting and free else None
