"""What a call may cost in time and money: shortly before either is used up, the agent says goodbye."""

from collections.abc import Iterator

from qualify import closing
from qualify.commands import Command
from qualify.talk import Talk


def due(talk: Talk) -> float | None:
    """When to say goodbye for lack of time."""
    if talk.wrapped_up or talk.ending.decided:
        return None
    return talk.started_at + talk.terms.max_seconds - talk.terms.wrap_up_before


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if (at := due(talk)) is not None and now >= at:
        yield from closing.limit(talk, "time_limit", now)


def money(talk: Talk, now: float) -> Iterator[Command]:
    if talk.usage.usd >= talk.terms.max_usd and not talk.wrapped_up and not talk.ending.decided:
        yield from closing.limit(talk, "money_limit", now)
