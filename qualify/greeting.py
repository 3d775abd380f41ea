"""The opening: said once, when the person has spoken or kept silent, and protected until its mandatory part was heard.

While protected, speech neither cuts it short nor is answered by itself; it is kept, and answered afterwards.
(realtime.md rules 8, 33; DESIGN truth 6)
"""

from dataclasses import dataclass, field
from enum import Enum

from qualify.phrases import plain


class Stage(Enum):
    WAITING = "waiting"
    """for the person's hello, or for silence"""
    SPEAKING = "speaking"
    """asked for, or under way and protected"""
    OPENING = "opening"
    """mandatory part heard; the model has been told to listen again"""
    DONE = "done"


@dataclass(slots=True)
class Greeting:
    mandatory: tuple[str, ...]
    ask: str
    stage: Stage = Stage.WAITING
    response_ids: set[str] = field(default_factory=set)
    item_ids: list[str] = field(default_factory=list)
    tries: int = 0
    heard_ms: int | None = None
    """When the mandatory part had been heard, ms from the stream's start."""
    complete: bool = False
    """All of it has been generated."""
    said_at: float = 0.0
    mended: bool = False
    """The model was told once to say what it had left out."""
    unanswered: bool = False
    """The person spoke during the protection and nobody has answered."""

    @property
    def protected(self) -> bool:
        return self.stage in (Stage.WAITING, Stage.SPEAKING)

    def protected_share(self, text: str) -> float:
        """Share of the greeting's audio that must be heard: up to its closing question, or all of it if that isn't found."""
        said, ask = plain(text), plain(self.ask)
        at = said.find(ask)
        if at < 0:  # the model may have worded the question its own way: look for where the mandatory lines end
            last = plain(self.mandatory[-1]) if self.mandatory else ""
            found = said.find(last) if last else -1
            at = found + len(last) if found >= 0 else len(said)
        return at / len(said) if said else 1.0

    def missing(self, text: str) -> list[str]:
        """Mandatory lines of which the spoken text has less than half the words."""
        said = set(plain(text).split())
        return [line for line in self.mandatory if _share(plain(line).split(), said) < 0.5]


def _share(words: list[str], said: set[str]) -> float:
    return sum(word in said for word in words) / len(words) if words else 1.0
