"""The start of a call: when to greet, until when the greeting is protected, when recording begins.

Greeting is asked for exactly once; only a failed one is asked for again. (realtime.md rules 1, 8, 33)
"""

from collections.abc import Iterator

from qualify.commands import Command, Configure, StartRecording, Tell
from qualify.greeting import Stage
from qualify.phrases import agrees
from qualify.responses import Wish
from qualify.talk import Talk
from qualify.transcript import Line


def greet(talk: Talk, now: float) -> Iterator[Command]:
    if talk.greeting.stage is not Stage.WAITING or not talk.recovery.up or talk.ending.decided:
        return
    talk.greeting.stage = Stage.SPEAKING
    talk.greeting.tries += 1
    talk.responses.want(Wish(must=True))
    yield Tell("state", {"state": "greeting"})


def due(talk: Talk) -> float | None:
    """When silence alone makes us speak first."""
    if talk.greeting.stage is not Stage.WAITING or not talk.recovery.up:
        return None
    ready = max(talk.recovery.up_at, talk.started_at)
    return ready + (talk.terms.greet_at_latest if talk.speaking else talk.terms.greet_after)


def progress(talk: Talk, now: float) -> Iterator[Command]:
    """More was heard: once that covers the mandatory part, listen again."""
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or not greeting.complete:
        return
    total = sum(talk.playback.items[i].received for i in greeting.item_ids if i in talk.playback.items)
    heard = sum(talk.playback.items[i].heard for i in greeting.item_ids if i in talk.playback.items)
    if total and heard >= total * greeting.protected_share(talk.text_of(greeting.item_ids)):
        greeting.heard_ms = talk.ms(now)
        yield from listen(talk)


def listen(talk: Talk) -> Iterator[Command]:
    talk.greeting.stage = Stage.OPENING
    yield Configure(talk.event_id("su"), listening=True, whole=False)


def opened(talk: Talk) -> None:
    """The model confirmed that it listens. What was said before that is still unanswered."""
    talk.greeting.stage, talk.listening = Stage.DONE, True


def response_ended(talk: Talk, response_id: str, spoke: bool, now: float) -> Iterator[Command]:
    """A response of the protected greeting ended: try again when it said nothing, mend it when it left something out."""
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or response_id not in greeting.response_ids:
        return
    if not spoke:
        if greeting.tries < 3:
            greeting.tries += 1
            talk.responses.want(Wish(must=True))
        return
    missing = greeting.missing(talk.text_of(greeting.item_ids))
    if missing and not greeting.mended:
        greeting.mended = True
        talk.flag("greeting_incomplete", f"{len(missing)} mandatory lines")
        yield from talk.steer(
            "You left out mandatory words. Say exactly this now and nothing else: " + " ".join(missing)
        )
        return
    greeting.complete, greeting.said_at = True, now
    yield from progress(talk, now)


def overdue(talk: Talk) -> float | None:
    """When to stop waiting for echoes of the greeting: it must have been played by then."""
    greeting = talk.greeting
    if greeting.stage is not Stage.SPEAKING or not greeting.complete:
        return None
    total = sum(talk.playback.items[i].ms for i in greeting.item_ids if i in talk.playback.items)
    return greeting.said_at + total / 1000 + 3.0


def answer_due(talk: Talk) -> float | None:
    """When to answer what the person said during the protection, if they don't say more."""
    waiting = talk.greeting.stage is Stage.DONE and talk.greeting.unanswered and not talk.speaking
    free = talk.recovery.up and not talk.responses.busy and talk.playback.silent and not talk.ending.decided
    return talk.active_at + 1.2 if waiting and free else None


def recording_notice(talk: Talk) -> Iterator[Command]:
    """Recording starts with the notice, unless the person must agree first."""
    if talk.terms.record and not talk.terms.record_after_consent and not talk.recording:
        talk.recording = True
        yield StartRecording()


def recording_consent(talk: Talk, answer: Line) -> Iterator[Command]:
    """The first clear yes or no spoken after the notice was heard decides for the whole call. (twilio.md R77)"""
    terms, heard_ms = talk.terms, talk.greeting.heard_ms
    if not (terms.record and terms.record_after_consent) or talk.agreed is not None:
        return
    if heard_ms is None or answer.started_ms < heard_ms:
        return
    talk.agreed = agrees(answer.text)
    if talk.agreed:
        talk.recording = True
        yield StartRecording()
