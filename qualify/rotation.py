"""A model session ends after an hour: before that the call moves to a new one, at a moment when nobody can tell.

The new line is opened beside the old one and kept; the change itself waits for a quiet point, and happens anyway shortly before
the end. The person's audio of that moment is kept, and handed to the new session. (realtime.md section 3, point 9; rule 59)
"""

from collections.abc import Iterator

from qualify import outage
from qualify.commands import Command, PrepareModel
from qualify.recovery import Standby
from qualify.talk import Talk

SETTLED = 0.3
"""Seconds that nothing must have happened: a turn that just ended is not yet in the conversation."""
AGAIN = 5.0
"""Seconds until another second line is tried for."""


def opened(talk: Talk, expires_at: float, now: float) -> None:
    """A session was opened. `expires_at` is seconds since 1970, 0 when it doesn't say; a wrong clock is not believed."""
    terms, recovery = talk.terms, talk.recovery
    end = now + terms.model_lasts
    told = expires_at - talk.epoch if expires_at and talk.epoch else end
    if now < told < end:
        end = told
    recovery.rotate_at = min(end - terms.rotate_before, now + terms.model_max_age)
    recovery.cut_at = end - terms.rotate_at_latest


def due(talk: Talk) -> float | None:
    recovery = talk.recovery
    if not recovery.up or talk.ending.decided:
        return None
    if recovery.standby is Standby.NONE:
        return min(recovery.rotate_at, recovery.cut_at)
    settles = talk.active_at + SETTLED if recovery.standby is Standby.READY and _quiet(talk) else recovery.cut_at
    return min(settles, recovery.cut_at)


def step(talk: Talk, now: float) -> Iterator[Command]:
    """After each event: open the second line when it is time, change over when it is quiet."""
    recovery = talk.recovery
    if not recovery.up or talk.ending.decided:
        return
    if now >= recovery.cut_at:
        yield from outage.rotate(talk, now, owed=not _quiet(talk))
    elif recovery.standby is Standby.READY and _settled(talk, now):
        yield from outage.rotate(talk, now, owed=False)
    elif recovery.standby is Standby.NONE and now >= recovery.rotate_at:
        recovery.standby = Standby.OPENING
        yield PrepareModel()


def standby_lost(talk: Talk, reason: str, now: float) -> None:
    talk.recovery.standby = Standby.NONE
    talk.recovery.rotate_at = now + AGAIN
    talk.counts[f"standby_lost:{reason}"] += 1


def _quiet(talk: Talk) -> bool:
    """Nobody speaks, nothing is being made, asked for, weighed or waited for, and all was heard."""
    at_work = talk.responses.busy or talk.responses.wish is not None or talk.tools.running()
    owed = talk.speaking or talk.floor.held or talk.greeting.unanswered or talk.retry_at is not None
    return talk.listening and talk.playback.silent and not (at_work or owed)


def _settled(talk: Talk, now: float) -> bool:
    return _quiet(talk) and now >= talk.active_at + SETTLED
