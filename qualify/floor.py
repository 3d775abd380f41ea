"""Who has the floor: speech over the agent counts as an interruption once it lasts; a short sound does not kill a sentence.

A short turn in the middle of a sentence waits for its words: an "mm-hm" is let go, a "no, wait" interrupts after all. One that
falls on the last second of what the agent says is an answer. Without transcripts nothing could save a short "stop", so then
every sound interrupts at once. (realtime.md rules 24, 26, 34)
"""

from collections.abc import Iterator

from qualify import interruption, patience
from qualify.backchannel import is_back_channel
from qualify.commands import AddItem, Command
from qualify.greeting import Stage as Greet
from qualify.responses import Wish
from qualify.talk import Talk
from qualify.transcript import Line

PAUSED_MS = 40
"""Quiet on the line, at the end of the doubt, that makes a sound a short one."""
RESUMED_MS = 100
LOOK_AGAIN = 0.1
LATE_MS = 60
"""Audio that is missing at the end of the doubt is on its way, when it is more than this:"""
LATE_FOR = 0.3
"""it is waited for this long, so that a line that hesitates turns no short sound into an interruption."""
ANSWER_MS = 1000
"""A short turn that begins when no more than this is left to hear of the agent answers it."""
BURST_MS = 400
"""An interruption of less voice than this may have been no speech at all."""
CARRY_ON = (
    'You were interrupted after saying "{heard}". If what came then was only a noise or a sign of listening, go on from '
    "exactly there without repeating yourself; otherwise answer the person."
)


def began(talk: Talk, began_at: float, now: float) -> Iterator[Command]:
    """Speech began at `began_at` and was noticed `now`."""
    floor = talk.floor
    floor.began_at, floor.noticed_at, floor.taken = began_at, now, False
    floor.left_ms = talk.playback.unheard_ms(now)
    talk.read_backs.caller_speaks()
    talk.uplink.watch()
    if talk.playback.silent and not talk.responses.busy:
        _turn_to_person(talk)
    elif talk.terms.short_speech <= 0 or not talk.terms.transcribed or talk.ending.decided:
        yield from _take(talk, now)
    else:
        floor.doubt_until = now + talk.terms.short_speech


def due(talk: Talk) -> float | None:
    return talk.floor.doubt_until


def tick(talk: Talk, now: float) -> Iterator[Command]:
    floor, uplink = talk.floor, talk.uplink
    if floor.doubt_until is None or now < floor.doubt_until:
        return
    if talk.ending.final:
        floor.doubt_until = None
        return
    doubt = int(talk.terms.short_speech * 1000)
    if uplink.weighed_ms + LATE_MS < doubt and now < floor.noticed_at + talk.terms.short_speech + LATE_FOR:
        floor.doubt_until = now + LOOK_AGAIN / 5
    elif uplink.quiet_ms < PAUSED_MS or uplink.loud_ms >= RESUMED_MS + doubt:
        yield from _take(talk, now)
    else:
        floor.doubt_until = now + LOOK_AGAIN


def stopped(talk: Talk, turn: str) -> None:
    """The turn is over; undecided until now, it was a short one."""
    talk.uplink.unwatch()
    if talk.floor.doubt_until is not None:
        talk.floor.doubt_until = None
        if talk.floor.left_ms > ANSWER_MS:
            talk.floor.held.add(turn)


def committed(talk: Talk, turn: str) -> Iterator[Command]:
    """The person's turn stands in the conversation: it is answered, unless it was only a sign of listening."""
    if turn in talk.floor.held:
        return
    talk.read_backs.caller_spoke()
    if talk.ending.final:
        return
    if talk.floor.taken:
        talk.floor.cut_by = turn
        if talk.uplink.loud_ms < BURST_MS:
            talk.floor.burst = turn
            yield from _carry_on(talk)
    talk.floor.taken = False
    talk.responses.want(Wish())


def words(talk: Talk, line: Line, now: float) -> Iterator[Command]:
    """What a turn was that is held back, or that interrupted. An empty one was noise."""
    floor = talk.floor
    if line.item_id == floor.cut_by and not line.text:
        yield from patience.noise(talk)
    if line.item_id not in floor.held:
        return
    floor.held.discard(line.item_id)
    if talk.ending.final:
        return
    if not line.text or is_back_channel(line.text):
        talk.counts["back_channels"] += 1
        talk.read_backs.unanswered()
        return
    yield from _take(talk, now)
    talk.read_backs.caller_spoke()
    floor.taken = False
    talk.responses.want(Wish())


def _take(talk: Talk, now: float) -> Iterator[Command]:
    talk.floor.doubt_until, talk.floor.taken = None, True
    if not talk.playback.silent:
        talk.latency.interrupted(talk.floor.began_at, now)
    yield from interruption.interrupt(talk, now)
    _turn_to_person(talk)


def _turn_to_person(talk: Talk) -> None:
    talk.agent_since_caller = False
    if talk.greeting.stage is Greet.DONE:
        talk.greeting.unanswered = False
    if talk.ending.decided:
        talk.ending.suspend()


def _carry_on(talk: Talk) -> Iterator[Command]:
    last = talk.transcript.last("agent")
    if last is not None and last.unheard:
        talk.counts["brief_interruptions"] += 1
        talk.steered = True
        yield AddItem(talk.event_id("note"), "system", CARRY_ON.format(heard=last.heard[-120:].strip()))
