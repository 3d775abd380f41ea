"""A payment card's number comes up: recording pauses, what was written of it goes, and the agent says that it can't take it."""

from collections.abc import Iterator

from qualify import cards, recorder
from qualify.commands import Command
from qualify.recording import Stage
from qualify.talk import Talk

NO_CARDS = (
    "They are giving a payment card's number. Stop them kindly at once: you cannot take card details on the phone, nobody "
    "from here will ever ask for them, and what they said of it is not kept. Never repeat its digits. Then go on."
)


def notice(talk: Talk, now: float) -> Iterator[Command]:
    """What the last turn or key means for the recording, the transcript so far, and the agent."""
    dictation = talk.dictation
    if dictation.suspected:
        yield from recorder.pause(talk, now)
    if not dictation.found:
        return
    dictation.found = False
    for item_id in dictation.turns:
        if (line := talk.transcript.find(item_id)) is not None:
            line.text = cards.without_digits(line.text)
    if not any(flag["flag"] == "card_number" for flag in talk.flags):
        talk.flag("card_number", "recorded in part" if talk.recording.stage is not Stage.OFF else "")
        if not talk.ending.decided:
            yield from talk.steer(NO_CARDS, must=False)
