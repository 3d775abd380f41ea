"""What the agent must not do to a listener: a monologue, and forbidden words.

Words the agent must never say are stopped before they are heard: the model's transcript runs ahead of the playing audio.

Phone cleared, response cancelled by its id, the item cut to what was heard, then one request to put it right. (realtime.md rule 67)
"""

import re
from collections.abc import Iterator

from qualify import interruption
from qualify.commands import CancelResponse, Command, Truncate
from qualify.events import AgentWords
from qualify.phrases import plain
from qualify.talk import Talk
from qualify.transcript import Line

_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]+(?:\s|$)")
MOST_AHEAD_MS = 30_000
"""What the phone may have to play at most; far below the carrier's ten minutes, and longer than anybody listens."""
MEND = (
    'You were about to say "{phrase}", which you must never say. Do not say or repeat it in any wording; go on truthfully, '
    "in one short sentence."
)


def runaway(talk: Talk, event: AgentWords, now: float) -> Iterator[Command]:
    """A monologue: what the phone has is played, the rest is not waited for. (twilio.md R68)"""
    spoken = talk.playback.items.get(event.item_id)
    if spoken is None or event.response_id in talk.responses.discarded or talk.ending.parting:
        return
    if talk.playback.unheard_ms(now) > MOST_AHEAD_MS:
        talk.flag("runaway_speech")
        if (doomed := talk.responses.withdraw()) is not None:
            yield CancelResponse(talk.event_id("cancel"), doomed)
        talk.responses.discard(event.response_id)
        yield from talk.playback.end(event.item_id)
        yield Truncate(talk.event_id("cut"), event.item_id, spoken.ms)


def check(talk: Talk, response_id: str, line: Line, fresh: str, now: float) -> Iterator[Command]:
    """`fresh`: what the model's last piece added to the line."""
    if not talk.terms.forbidden or talk.ending.parting or response_id in talk.responses.discarded:
        return
    longest = max(len(phrase) for phrase in talk.terms.forbidden)
    recent = _SENTENCE_END.split(line.text[-len(fresh) - longest - 20 :])
    said = [f" {plain(sentence)} " for sentence in recent]
    for phrase in talk.terms.forbidden:
        if any(f" {phrase} " in sentence for sentence in said):
            talk.flag("forbidden_words_stopped", phrase)
            yield from interruption.interrupt(talk, now)
            talk.responses.discard(response_id)
            yield from talk.steer(MEND.format(phrase=phrase))
            return
