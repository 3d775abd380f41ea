"""Every tool call of a conversation: asked once, run once, answered once; and which read-backs the person heard and then answered.

The ledger decides nothing about what a tool does. (realtime.md rules 44-50)
"""

from dataclasses import dataclass, field
from typing import Any

from qualify.phrases import plain

LONG_ENOUGH = 0.7
"""Share of an item that must have been heard when the read-back's words cannot be found in it."""


@dataclass(slots=True)
class Use:
    call_id: str
    name: str
    arguments: str
    response_id: str
    asked_at: float
    answered_at: float | None = None
    result: dict[str, Any] = field(default_factory=dict)
    silent: bool = False
    """Its answer asks for no response (a call that ends the conversation)."""
    late: bool = False


@dataclass(slots=True)
class ToolLedger:
    uses: dict[str, Use] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    """Calls whose outputs the model's side has confirmed."""

    def ask(self, call_id: str, name: str, arguments: str, response_id: str, now: float) -> Use | None:
        """None for a call already known: the API announces each several times."""
        if call_id in self.uses:
            return None
        use = self.uses[call_id] = Use(call_id, name, arguments, response_id, now)
        return use

    def answer(self, call_id: str, result: dict[str, Any], now: float) -> Use | None:
        """None when it was never asked, or answered before: then nothing may be sent for it."""
        use = self.uses.get(call_id)
        if use is None or use.answered_at is not None:
            return None
        use.answered_at, use.result = now, result
        return use

    def running(self) -> list[Use]:
        return [use for use in self.uses.values() if use.answered_at is None]

    def ready(self, response_id: str) -> frozenset[str] | None:
        """Calls of a response once all are answered, those that want a reply; None while one is running or there is none."""
        calls = [use for use in self.uses.values() if use.response_id == response_id]
        if not calls or any(use.answered_at is None for use in calls):
            return None
        return frozenset(use.call_id for use in calls if not use.silent)


@dataclass(slots=True)
class ReadBack:
    key: str
    phrase: str
    since: float
    heard: bool = False
    answering: bool = False
    confirmed: bool = False


@dataclass(slots=True)
class ReadBacks:
    """A read-back counts once the person heard it and spoke afterwards; a new one for the same key starts over."""

    open: dict[str, ReadBack] = field(default_factory=dict)

    def expect(self, key: str, phrase: str, now: float, *, anew: bool) -> None:
        """`anew`: a fresh read-back; otherwise a reminder of one that may have been heard already."""
        if anew or key not in self.open:
            self.open[key] = ReadBack(key, plain(phrase), now)

    def withdraw(self) -> None:
        """The person said no, or changed their mind: nothing read back so far counts any more."""
        for read_back in self.open.values():
            read_back.answering = read_back.confirmed = False

    def heard(self, text: str, share: float, item_started: float) -> None:
        """`share` of an item with this text has been heard."""
        said = plain(text)
        for read_back in self.open.values():
            if not read_back.heard and item_started >= read_back.since and _contains(said, read_back.phrase, share):
                read_back.heard = True

    def caller_speaks(self) -> None:
        for read_back in self.open.values():
            read_back.answering = read_back.answering or read_back.heard

    def caller_spoke(self) -> None:
        for read_back in self.open.values():
            read_back.confirmed = read_back.confirmed or read_back.answering

    def confirmed(self) -> frozenset[str]:
        return frozenset(key for key, read_back in self.open.items() if read_back.confirmed)


def _contains(said: str, phrase: str, share: float) -> bool:
    if not said:  # no transcript: the audio alone must do
        return share >= LONG_ENOUGH
    at = said.find(phrase)
    if at >= 0:
        return share >= (at + len(phrase)) / len(said) - 0.02
    telling = {word for word in phrase.split() if len(word) > 3 or word.isdigit()}
    return share >= LONG_ENOUGH and bool(telling & set(said.split()))
