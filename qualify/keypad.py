"""Keys the person presses: nine opts out at any time, others are told to the model when they pause. (rule 68, twilio.md R74)"""

from collections.abc import Iterator

from qualify import closing
from qualify.commands import AddItem, Command
from qualify.responses import Wish
from qualify.talk import Talk

PAUSE = 1.5
OPT_OUT = "9"


def pressed(talk: Talk, digit: str, now: float) -> Iterator[Command]:
    talk.active_at = now
    if digit == OPT_OUT and not talk.keys:
        yield from closing.opt_out(talk, "keypress", now)
        return
    talk.keys, talk.keys_at = talk.keys + digit, now


def due(talk: Talk) -> float | None:
    return talk.keys_at + PAUSE if talk.keys and talk.recovery.up else None


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if (at := due(talk)) is None or now < at:
        return
    yield AddItem(talk.event_id("keys"), "user", f"[keypad] {talk.keys}")
    talk.keys = ""
    talk.responses.want(Wish(must=True))
