"""Keys the person presses: nine opts out at any time, others are told to the model when they pause, or at once by pound.

Where digits were asked for, a nine may be the first of them, and people look at the paper between groups; a nine that stays
alone is an opt-out all the same. (rule 68, twilio.md R74)
"""

from collections.abc import Iterator

from qualify import closing
from qualify.cards import masked
from qualify.commands import AddItem, Command
from qualify.responses import Wish
from qualify.talk import Talk

PAUSE = 1.5
ENTRY_PAUSE = 4.0
OPT_OUT = "9"
DONE = "#"


def pressed(talk: Talk, digit: str, now: float) -> Iterator[Command]:
    talk.active_at = now
    if digit == DONE:
        if talk.keys:
            yield from _tell(talk)
        return
    if digit == OPT_OUT and not talk.keys and not talk.keys_wanted:
        yield from closing.opt_out(talk, "keypress", now)
        return
    talk.keys, talk.keys_at = talk.keys + digit, now


def due(talk: Talk) -> float | None:
    pause = ENTRY_PAUSE if talk.keys_wanted else PAUSE
    return talk.keys_at + pause if talk.keys and talk.recovery.up else None


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if (at := due(talk)) is None or now < at:
        return
    if talk.keys == OPT_OUT:
        talk.keys = ""
        yield from closing.opt_out(talk, "keypress", now)
        return
    yield from _tell(talk)


def _tell(talk: Talk) -> Iterator[Command]:
    yield AddItem(talk.event_id("keys"), "user", f"[keypad] {masked(talk.keys)}")
    talk.keys, talk.keys_wanted = "", False
    talk.responses.want(Wish(must=True))
