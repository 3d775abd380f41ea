"""Which line answers what was heard: the persona's own rules first, among matching ones the latest words count.

When nothing could be recognised (the voice of a real model), the persona's fallback lines answer in their order.
"""

from collections import Counter

from sandbox.callers.persona import Persona, Rule

_FAREWELLS = ("goodbye", "bye", "adiós")


def plain(text: str) -> str:
    """Lower case, straight apostrophes, single spaces: what rules are written in."""
    return " ".join(text.replace("’", "'").lower().split())


def is_farewell(heard: str) -> bool:
    words = plain(heard).split()
    return bool(words) and words[-1].strip(".,!") in _FAREWELLS


class Repertoire:
    """A persona's lines during one call: how often each rule was used, how many answers were given."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._used: Counter[Rule] = Counter()
        self._given = 0

    def answer(self, heard: str) -> Rule | None:
        """The rule that answers these words, counted as used; None when none does."""
        for rules in (self._persona.rules, self._persona.common):
            places = [self._place(rule, plain(heard)) for rule in rules]
            if (latest := max(places, default=-1)) >= 0:
                rule = rules[places.index(latest)]
                self._used[rule] += 1
                self._given += 1
                return rule
        return None

    def fallback(self) -> Rule:
        """The line for this turn of the call; the last one ends it."""
        lines = self._persona.fallback
        place = min(self._given, len(lines) - 1)
        self._given += 1
        return Rule((), say=lines[place], then="hang_up" if place == len(lines) - 1 else "")

    def _place(self, rule: Rule, heard: str) -> int:
        """Where the words this rule waits for end for the last time; -1 when they were not said or it is used up."""
        if self._used[rule] >= rule.times:
            return -1
        ends = [at + len(words) for words in rule.hear if (at := heard.rfind(words)) >= 0]
        return max(ends, default=-1)
