"""When the model dies, stalls or refuses while the person is on the phone: cover, rebuild, go on; or apologise and end.

The rebuilt session gets what was really heard and a note not to greet again. (realtime.md section 3; rules 2, 4, 57, 58, 65)
"""

import json
from collections.abc import Iterator

from qualify import closing, opening, parting
from qualify import events as ev
from qualify.commands import AddItem, Command, Configure, ConnectModel
from qualify.greeting import Stage as Greet
from qualify.recovery import Stage
from qualify.responses import Wish
from qualify.talk import Talk
from qualify.tooling import public

PHONE_FORMAT = "audio/pcmu"
HISTORY = 12
RE_ANCHOR = (
    "The line dropped for a moment. Continue the same call in the same language from where you stopped. "
    "Do not greet or introduce yourself again."
)
START_OVER = "The line dropped as you began. Begin again with the greeting."


def opened(talk: Talk) -> Iterator[Command]:
    talk.recovery.opened()
    yield Configure(talk.event_id("su"), listening=False)


def configured(talk: Talk, event: ev.ModelConfigured, now: float) -> Iterator[Command]:
    if {event.input_format, event.output_format} != {PHONE_FORMAT}:
        talk.flag("wrong_format", f"{event.input_format} {event.output_format}")
        yield from closing.give_up(talk, "wrong audio format", now)
        return
    if talk.recovery.stage is Stage.CONFIGURING:
        yield from _up(talk, now)
    elif talk.greeting.stage is Greet.OPENING:
        opening.opened(talk)


def _up(talk: Talk, now: float) -> Iterator[Command]:
    again = talk.recovery.losses > 0
    talk.recovery.configured(now)
    if again:
        yield from _rebuild(talk)
    ring_speaks = again and talk.uplink.kept_speech()
    yield from talk.uplink.connect()
    if again and talk.greeting.stage is Greet.OPENING and not ring_speaks and not talk.ending.decided:
        talk.responses.want(Wish(must=True))


def _rebuild(talk: Talk) -> Iterator[Command]:
    for role, text in _history(talk):
        yield AddItem(talk.event_id("h"), role, text)
    greeting = talk.greeting
    if greeting.stage is Greet.SPEAKING and not greeting.complete:  # the disclosure was never generated in full
        greeting.stage = Greet.WAITING
        yield AddItem(talk.event_id("h"), "system", START_OVER)
    elif greeting.stage is not Greet.WAITING:
        yield AddItem(talk.event_id("h"), "system", RE_ANCHOR)
    if greeting.stage in (Greet.OPENING, Greet.DONE):
        yield from opening.listen(talk)


def _history(talk: Talk) -> list[tuple[str, str]]:
    """The last turns, the agent's only as heard, then what the tools did."""
    lines = [line for line in talk.transcript.lines if line.role != "note" and not line.item_id.startswith("clip:")]
    turns = [("assistant" if line.role == "agent" else "user", _words(talk, line.item_id)) for line in lines[-HISTORY:]]
    done = [f"{use.name}: {json.dumps(public(use.result))}" for use in talk.tools.uses.values() if use.result]
    facts = [("system", "Tool results so far:\n" + "\n".join(done))] if done else []
    return [turn for turn in turns if turn[1]] + facts


def _words(talk: Talk, item_id: str) -> str:
    line, spoken = talk.transcript.find(item_id), talk.playback.items.get(item_id)
    if line is None:
        return ""
    if line.role == "caller":
        return line.text or "[unintelligible]"
    if spoken is not None and line.cut_at is None and not spoken.ended:
        return line.text[: int(len(line.text) * spoken.heard / max(1, spoken.received))].strip()
    return line.heard.strip()


def lost(talk: Talk, event: ev.ModelLost, now: float) -> Iterator[Command]:
    """The phone keeps what it has; everything asked of the old session is void."""
    if talk.ending.parting:
        return
    was_up = talk.recovery.up
    talk.recovery.lost(now)
    if was_up:
        talk.flag("model_lost", f"{event.code} {event.reason}"[:120])
        _void(talk)
    if event.fatal:
        yield from closing.give_up(talk, event.reason or "model refused", now)
    elif talk.ending.decided:
        yield from closing.progress(talk, now)
    else:
        yield ConnectModel(talk.recovery.next_delay(now))


def _void(talk: Talk) -> None:
    talk.responses.reset()
    talk.uplink.disconnect()
    talk.listening = talk.speaking = talk.voice_locked = False
    talk.awaited_since = talk.retry_at = None
    talk.recent_responses.clear()
    for spoken in talk.playback.items.values():
        spoken.ended = True


def stalled(talk: Talk, now: float) -> bool:
    """The model owes us something and has sent nothing at all for too long."""
    owes = talk.responses.busy or talk.awaited_since is not None
    return talk.recovery.up and owes and now - talk.model_at >= talk.terms.stalled_after and not talk.ending.decided


def limits(talk: Talk) -> tuple[float, float]:
    """When to cover the silence of an outage, and when to give up."""
    recovery, terms = talk.recovery, talk.terms
    give_up = terms.give_up_after if recovery.was_up else terms.give_up_at_start
    return recovery.since + terms.cover_after, recovery.since + give_up


def check(talk: Talk, now: float) -> Iterator[Command]:
    if talk.recovery.up or talk.ending.decided:
        return
    cover_at, give_up_at = limits(talk)
    if now >= give_up_at:
        yield from closing.give_up(talk, "model unreachable", now)
    elif now >= cover_at and not talk.recovery.covered and talk.playback.silent:
        talk.recovery.covered = True
        yield from parting.play_clip(talk, "one_moment", now)


def refused(talk: Talk, event: ev.ModelError, now: float) -> Iterator[Command]:
    """Our configuration was refused: one minimal try, then give up. (rule 4)"""
    if talk.config_tries:
        yield from closing.give_up(talk, f"configuration refused: {event.code}", now)
        return
    talk.config_tries += 1
    talk.flag("update_refused", f"{event.code} {event.param}".strip())
    yield Configure(talk.event_id("su"), listening=talk.listening or talk.greeting.stage is Greet.OPENING, minimal=True)
