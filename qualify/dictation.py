"""Digits that are read out or keyed in, watched across turns for the number of a payment card.

Such a number is taken out of every event before anything keeps it. The tape is stricter than the transcript: of any number
that is dictated or keyed it keeps four digits. Pure; what follows is `card_talk`'s.
"""

from dataclasses import dataclass, field

import msgspec

from qualify import cards
from qualify import events as ev

GAP = 8.0
"""Seconds after which digits belong to another number."""
ANNOUNCED = 30.0
SUSPECT = 8
"""Digits that may become a card's: recording pauses. A telephone number does no harm by it."""
KEPT = 4
GROUP, FEW_WORDS = 3, 4
"""Digits that are dictated come alone, or in groups with little beside them; an answer with a number in it is no dictation."""


@dataclass(slots=True)
class Dictation:
    """Per speaker's run: `digits` said so far, the turns they were said in, when the last one came."""

    digits: str = ""
    turns: list[str] = field(default_factory=list)
    at: float = float("-inf")
    announced_at: float = float("-inf")
    keys: str = ""
    keyed_at: float = float("-inf")
    agent_digits: int = 0
    suspected: bool = False
    found: bool = False
    """A card's number is in what was taken in last; `suspected`: may be."""

    def take(self, event: ev.Event, now: float) -> tuple[ev.Event, ev.Event]:
        """The event as the conversation may know it, and as the tape may keep it."""
        match event:
            case ev.CallerWords():
                return self._words(event, now)
            case ev.KeyPressed():
                return event, self._key(event, now)
            case ev.AgentWords():
                return self._agent(event)
            case ev.ToolAsked():
                clean = msgspec.structs.replace(event, arguments=cards.masked_json(event.arguments))
                return clean, clean
            case _:
                return event, event

    def _words(self, event: ev.CallerWords, now: float) -> tuple[ev.Event, ev.Event]:
        found = list(cards.runs(event.text))
        said = "".join(run.digits for run in found)
        others = cards.words_beside(event.text)
        dictated = bool(said) and (not others or (len(said) >= GROUP and others <= FEW_WORDS))
        if now - self.at > GAP or not dictated:
            self.digits, self.turns = "", []
        if cards.has_cue(event.text):
            self.announced_at = now
        announced = now - self.announced_at < ANNOUNCED
        before = len(self.digits)
        if dictated or any(len(run.digits) >= KEPT for run in found):
            self.digits, self.at = self.digits + said, now
            self.turns.append(event.item_id)
        text = cards.masked(event.text, announced=announced)
        if before and len(self.digits) >= cards.UNDER_WAY:
            text = cards.without_digits(event.text)
        self.found = text != event.text
        self.suspected = self.found or (announced and now == self.announced_at) or len(self.digits) >= SUSPECT
        taped = cards.without_digits(text, max(0, KEPT - before)) if len(self.digits) > KEPT else text
        return msgspec.structs.replace(event, text=text), msgspec.structs.replace(event, text=taped)

    def _key(self, event: ev.KeyPressed, now: float) -> ev.Event:
        if not event.digit.isdecimal():  # star and pound may stand between groups, and are no part of the number
            self.found = self.suspected = False
            return event
        self.keys = self.keys + event.digit if now - self.keyed_at <= GAP else event.digit
        self.keyed_at = now
        self.found, self.suspected = cards.is_card(self.keys), len(self.keys) >= SUSPECT
        return msgspec.structs.replace(event, digit="*") if len(self.keys) > KEPT else event

    def _agent(self, event: ev.AgentWords) -> tuple[ev.Event, ev.Event]:
        """Pieces are too small to judge one by one; of a run of digits the tape keeps the beginning."""
        if event.whole:
            self.agent_digits = 0
            clean = msgspec.structs.replace(event, text=cards.masked(event.text))
            return clean, clean
        said = sum(character.isdigit() for character in event.text)
        self.agent_digits = self.agent_digits + said if said or not event.text.strip() else 0
        if self.agent_digits <= KEPT:
            return event, event
        return event, msgspec.structs.replace(event, text=cards.without_digits(event.text))
