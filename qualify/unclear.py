"""Turns that nobody could understand: asked again in other words, then the keypad is offered, then a person or a callback.

The model is told at the conversation's end; it must never guess. (realtime.md section 6, unclear audio)
"""

from collections.abc import Iterator

from qualify.commands import Command
from qualify.talk import Talk
from qualify.transcript import Line

AGAIN = (
    "The person's last words could not be transcribed. Unless they were clear to you, guess nothing and call no tool on "
    "them: ask once more in other words."
)
KEYPAD = (
    "Twice in a row the person could not be understood. If you need digits, ask them to type these on the phone's keypad and to "
    "press pound; otherwise ask a yes-or-no question."
)
PERSON = "Three turns in a row could not be understood. Say the line is bad and offer a callback or a colleague."


def heard(talk: Talk, line: Line) -> Iterator[Command]:
    """The words of a turn came, or did not."""
    if not talk.listening:
        return
    if line.text:
        talk.unclear = 0
        return
    talk.unclear += 1
    talk.counts["unclear_turns"] += 1
    talk.keys_wanted = talk.keys_wanted or talk.unclear == 2
    if talk.recovery.up and not talk.ending.decided:
        steps = (AGAIN, KEYPAD, PERSON)
        yield from talk.tell(steps[min(talk.unclear, len(steps)) - 1])
