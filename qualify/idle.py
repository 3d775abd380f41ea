"""A silent line: ask whether the person is still there, a few times, then end. Or go on with the ending they interrupted."""

from collections.abc import Iterator

from qualify import answering, closing
from qualify.commands import Command
from qualify.greeting import Stage
from qualify.talk import Talk

NUDGE = "The person has been silent. Ask in a few words, worded differently each time, whether they are still there."


def due(talk: Talk) -> float | None:
    """When silence has lasted too long; None while somebody speaks, or is about to."""
    quiet = not talk.responses.busy and talk.responses.wish is None and not talk.speaking and talk.playback.silent
    settled = talk.greeting.stage is Stage.DONE and talk.recovery.up and not talk.ending.decided
    return talk.active_at + talk.terms.idle_after if quiet and settled and not talk.tools.running() else None


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if (at := due(talk)) is None or now < at:
        return
    talk.active_at = now
    if talk.ending.suspended:
        yield from closing.resume(talk, now)
    elif talk.nudges < talk.terms.nudges:
        talk.nudges += 1
        yield from talk.steer(NUDGE, must=False)
    else:
        yield from answering.nobody(talk, now)
        yield from closing.decide(talk, "failed" if talk.caller_turns else "unreachable", "agent", now)
        talk.flag("caller_silent")
        yield from closing.progress(talk, now)
