"""What we know of a person is said, and acted on, only once a person is likely on the phone. (twilio.md R58, R60)

Until then the model knows no more than the greeting needs, so a machine can be told no more. Tools that change something are
held for a moment, since the words that show a person may still be on their way, and are then refused.
"""

from collections.abc import Iterator

from qualify import events as ev
from qualify import tooling
from qualify.commands import AddItem, Command
from qualify.talk import Talk

HELD_FOR = 1.5
NOT_YET = {
    "error": "not_yet",
    "message": "Nobody has answered you yet, so it may be a recording. Ask briefly whether they can hear you, then try again.",
}


def open_up(talk: Talk, now: float) -> Iterator[Command]:
    """A person is likely there: tell the model about them, and let the tools go on that were held."""
    if not talk.told_personal:
        talk.told_personal = True
        if talk.recovery.up:
            yield from facts(talk)
    for use in talk.tools.running():
        if use.held:
            yield from tooling.run(talk, use)


def facts(talk: Talk) -> Iterator[Command]:
    """For each model session anew."""
    if talk.told_personal and talk.terms.personal:
        yield AddItem(talk.event_id("facts"), "system", talk.terms.personal)


def due(talk: Talk) -> float | None:
    return min((use.asked_at + HELD_FOR for use in talk.tools.running() if use.held), default=None)


def tick(talk: Talk, now: float) -> Iterator[Command]:
    for use in talk.tools.running():
        if use.held and now >= use.asked_at + HELD_FOR:
            use.held = False
            yield from tooling.answered(talk, ev.ToolAnswered(use.call_id, NOT_YET), now)
