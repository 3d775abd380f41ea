"""How far a clip agrees with a stream, and which of its words were heard by then.

A `Match` is a clip being followed; a `Stretch` is what remains of it once it ended, was cut off or lost a frame.
"""

from dataclasses import dataclass, replace

from sandbox.speech.library import Clip
from sandbox.speech.mulaw import FRAME_BYTES, RATE

_BRIDGED = RATE // 4
_REPEATED = 2 * FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Match:
    """A clip that agrees with the stream from `entered` (an offset into the clip) on; `origin` is its first byte."""

    clip: Clip
    origin: int
    entered: int  # 0 when found by its first window: what is before that is too faint to tell clips apart

    @property
    def end(self) -> int:
        return self.origin + len(self.clip.mulaw)

    def agreement(self, sound: bytes, at: int) -> int:
        """The stream position up to which `sound`, which begins at stream position `at`, is this clip."""
        expected = self.clip.mulaw[at - self.origin : at - self.origin + len(sound)]
        return at + _common(expected, sound)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was heard of one clip: from one of its bytes to another, and where in the stream that began."""

    clip: Clip
    first: int
    last: int
    start: int

    @property
    def whole(self) -> bool:
        return self.first == 0 and self.last == len(self.clip.mulaw)

    @property
    def words(self) -> str:
        text, length = self.clip.text, len(self.clip.mulaw)
        return text if self.whole else _words_between(text, self.first, self.last, length)

    def continued(self, other: "Stretch") -> "Stretch | None":
        """Both as one, when `other` goes on in the same clip after a few frames that were lost, or came twice."""
        if self.clip is other.clip and -_REPEATED <= other.first - self.last <= _BRIDGED:
            return replace(self, last=other.last)
        return None


def _common(expected: bytes, sound: bytes) -> int:
    """Length of the common beginning, by halving: comparing bytes at once is far cheaper than one by one."""
    low, high = 0, min(len(expected), len(sound))
    if expected[:high] == sound[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if expected[low:middle] == sound[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _words_between(text: str, first: int, last: int, length: int) -> str:
    """The words whose share of the clip lies wholly between two of its bytes, by their letters."""
    words = text.split()
    letters = sum(len(word) + 1 for word in words)
    kept: list[str] = []
    passed = 0
    for word in words:
        begins, passed = passed, passed + len(word) + 1
        if begins * length >= first * letters and passed * length <= last * letters:
            kept.append(word)
    return " ".join(kept)
