"""Whether a person is on the phone, beyond doubt: they answer us. A recording may talk at length, but it never does.

Late verdicts of the carrier are measured against this, so it asks for more than the first words. (twilio.md R57)
"""

from collections.abc import Iterator

from qualify.commands import Command, PersonMet
from qualify.phrases import is_screening, is_voicemail
from qualify.talk import Talk

REPLIES = 2


def notice(talk: Talk) -> Iterator[Command]:
    """Say so once, when it becomes certain."""
    if not talk.met and not talk.ending.parting and (_has_answered(talk) or _talks_with_us(talk)):
        talk.met = True
        yield PersonMet()


def _has_answered(talk: Talk) -> bool:
    """The model took an answer from them that fits its question."""
    return any(use.result.get("saved") for use in talk.tools.uses.values())


def _talks_with_us(talk: Talk) -> bool:
    """They spoke twice, once at least after our greeting was heard, and nothing of it sounds recorded."""
    said = [line for line in talk.transcript.lines if line.role == "caller" and line.text]
    if len(said) < REPLIES or talk.greeting.heard_ms is None:
        return False
    recorded = any(is_voicemail(line.text) or is_screening(line.text) for line in said)
    return not recorded and said[-1].started_ms >= talk.greeting.heard_ms
