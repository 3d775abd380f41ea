"""Which read-backs the person heard and then answered: only those may be booked or stored, whatever the model says.

A read-back counts once an item begun after it fell due, and generated whole, was heard past its words, and the person began
to speak after that. Words are compared as tokens, so "24th" and "twenty-fourth", "@" and "at" are the same. (DESIGN section 6)
"""

from dataclasses import dataclass, field

from qualify.tokens import tokens, weight

LONG_ENOUGH = 0.7
"""Share of an item that must have been heard when it says the read-back in other words."""
TELLING = 0.5
"""Share of a read-back's telling words that other words must still contain, besides every number."""
SLACK = 0.02


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
    """A new read-back for the same key starts over."""

    open: dict[str, ReadBack] = field(default_factory=dict)

    def expect(self, key: str, phrase: str, now: float, *, anew: bool) -> None:
        """`anew`: a fresh read-back; otherwise a reminder of one that may have been heard already."""
        if anew or key not in self.open:
            self.open[key] = ReadBack(key, phrase, now)

    def withdraw(self) -> None:
        """The person said no, changed their mind or was not understood: what they had heard must be read back again."""
        self.open = {key: read_back for key, read_back in self.open.items() if not read_back.heard}

    def heard(self, text: str, share: float, item_started: float) -> None:
        """`share` of an item with this text has been heard."""
        for read_back in self.open.values():
            if not read_back.heard and item_started >= read_back.since:
                read_back.heard = _contains(text, read_back.phrase, share)

    def caller_speaks(self) -> None:
        for read_back in self.open.values():
            read_back.answering = read_back.answering or read_back.heard

    def unanswered(self) -> None:
        """What they said was no answer, only a sign of listening."""
        for read_back in self.open.values():
            read_back.answering = False

    def caller_spoke(self) -> None:
        for read_back in self.open.values():
            read_back.confirmed = read_back.confirmed or read_back.answering

    def confirmed(self) -> frozenset[str]:
        return frozenset(key for key, read_back in self.open.items() if read_back.confirmed)


def _contains(text: str, phrase: str, share: float) -> bool:
    """Whether the phrase was said within that share; a value that is spelled has no other words."""
    for digits in (True, False):
        said, words = tokens(text, digits=digits), tokens(phrase, digits=digits)
        end = _end(said, words) if words else None
        if end is not None:
            return share >= weight(said[:end]) / weight(said) - SLACK
    said, words = tokens(text), tokens(phrase)
    return share >= LONG_ENOUGH and _means(set(said), words)


def _means(said: set[str], words: list[str]) -> bool:
    numbers = {word for word in words if word.isdecimal() and word != "00"}
    telling = numbers | {word for word in words if len(word) > 3 and not word.isdecimal()}
    spelled = sum(len(word) == 1 for word in words) > len(words) / 2
    return not spelled and bool(numbers) and numbers <= said and len(telling & said) >= TELLING * len(telling)


def _end(said: list[str], words: list[str]) -> int | None:
    """How many tokens were said when the last of the words was.

    An address or a number may be cut into tokens in any way ("maria", "m-a-r-i-a"); a name must have been spelled as asked.
    """
    loose = any(sign in word for word in words for sign in "@0123456789")
    wanted = "".join(words)
    for start in range(len(said)):
        if not loose:
            if said[start : start + len(words)] == words:
                return start + len(words)
            continue
        joined = ""
        for end in range(start, len(said)):
            joined += said[end]
            if joined == wanted:
                return end + 1
            if not wanted.startswith(joined):
                break
    return None
