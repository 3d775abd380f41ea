"""The opening: said once, when the person has spoken or kept silent, and protected until its mandatory part was heard.

While protected, speech neither cuts it short nor is answered by itself; it is kept, and answered afterwards.
(realtime.md rules 8, 33; DESIGN truth 6)
"""

import re
from dataclasses import dataclass, field
from enum import Enum

from qualify.phrases import plain

ENOUGH = 0.5
"""Share of a line's telling words that must be said."""
_COMMON = frozenset(["this", "that", "with", "your", "call", "calling", "esta", "llamada", "llama", "para", "usted"])
_AI = re.compile(r"\b(?:ai|ia|artificial|virtual)\b")
_PRETENDS = re.compile(
    r"\b(?:not|no|never)(?: \w+){0,3} (?:ai|ia|artificial|virtual)\b|\b(?:real|human|actual) (?:person|being|agent)\b"
    r"|\b(?:am|i'm|soy) (?:a |an |una? )?human[oa]?\b"
)


class Stage(Enum):
    WAITING = "waiting"
    """for the person's hello, or for silence"""
    SPEAKING = "speaking"
    """asked for, or under way and protected"""
    DONE = "done"
    """the mandatory part was heard"""


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
    mends: int = 0
    """How often the model was told to say what it had left out."""
    unanswered: bool = False
    """The person spoke during the protection and nobody has answered."""

    def begin_again(self, mandatory: tuple[str, ...], ask: str) -> None:
        """In other words, from the start: what was said so far does not count."""
        self.mandatory, self.ask = mandatory, ask
        self.start_over()

    def start_over(self) -> None:
        """Whoever heard it was no person, or it was in another language: the next time all of it is said."""
        self.stage, self.heard_ms, self.tries = Stage.WAITING, None, 0
        self.complete = self.unanswered = False
        self.mends = 0
        self.response_ids, self.item_ids = set(), []

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
        """Mandatory lines that the spoken text does not say, in whatever wording.

        A line counts by the words that tell it from the others; and an AI must have called itself one, and nothing else.
        """
        said = plain(text)
        words = set(said.split())
        lines = [set(plain(line).split()) for line in self.mandatory]
        return [
            line
            for line, own in zip(self.mandatory, lines, strict=True)
            if _share(own - _others(own, lines), words) < ENOUGH or (_AI.search(plain(line)) and not _is_honest(said))
        ]


def _others(own: set[str], lines: list[set[str]]) -> set[str]:
    """Words that say nothing of a line: short and common ones, and those that other lines have as well."""
    shared = {word for line in lines if line is not own for word in line}
    return shared | _COMMON | {word for word in own if len(word) < 4}


def _share(telling: set[str], said: set[str]) -> float:
    return len(telling & said) / len(telling) if telling else 1.0


def _is_honest(said: str) -> bool:
    return bool(_AI.search(said)) and not _PRETENDS.search(said)
