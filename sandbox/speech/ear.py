"""Hears: recognises our clips in a raw μ-law stream, at any byte alignment, whole or cut off, and says their words.

An utterance is everything said with less than 400 ms of silence in between; it is answered when it is over. Unknown
sound is skipped. Costs about 0.2 ms for each second of known speech and 2 ms for each second of unknown speech.
"""

import re
from dataclasses import dataclass

from sandbox.speech import subtitle
from sandbox.speech.library import Clip, Library
from sandbox.speech.mulaw import RATE
from sandbox.speech.windows import WINDOW

UTTERANCE_GAP = RATE * 400 // 1000

_SHORTEST = RATE // 10  # a match this short with no end to it is chance, or too little to have been understood
_GLUE = ((RATE * 200 // 1000, "."), (RATE * 90 // 1000, ","))
_UNKNOWN_SOUND = RATE // 20  # more than this between two clips is a word, not the faint beginning of the next clip
_LEADING_QUIET = re.compile(rb"[\xff\x7f\xfe\x7e]*")
_QUIET_RUN = re.compile(rb"[\xff\x7f\xfe\x7e]{80,}")


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance; bytes are counted from the first one fed. `complete` is false when its last clip was cut off."""

    text: str
    voice: str
    start_byte: int
    end_byte: int
    complete: bool


@dataclass(frozen=True, slots=True)
class _Match:
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

    def words(self, until: int) -> str:
        if self.entered == 0 and until >= self.end:
            return self.clip.text
        return _words_between(self.clip.text, self.entered, until - self.origin, len(self.clip.mulaw))


class Ear:
    """Feed it one direction of one call. Not shared between calls; the library is."""

    def __init__(self, library: Library) -> None:
        self._clips = library.clips
        self._windows = library.windows
        self._sound = b""
        self._position = 0  # of the first byte of _sound
        self._quiet = UTTERANCE_GAP
        self._unknown = 0  # bytes of unknown sound since the last clip
        self._matches: list[_Match] = []
        self._done: _Match | None = None
        self._parts: list[str] = []
        self._voice, self._start, self._end, self._complete = "", 0, 0, True
        self._finished: list[Heard] = []

    def feed(self, mulaw: bytes) -> list[Heard]:
        """The utterances that ended within these bytes."""
        self._sound += mulaw
        while self._sound and (self._follow() if self._matches else self._search()):
            pass
        return self._taken()

    def flush(self) -> list[Heard]:
        """Ends the utterance now: what was heard of it, words up to the cut."""
        if self._matches:
            self._settle(self._matches, self._position + len(self._sound))
        self._drop(len(self._sound))
        self._finish()
        return self._taken()

    def _taken(self) -> list[Heard]:
        taken, self._finished = self._finished, []
        return taken

    def _follow(self) -> bool:
        """Goes on along the clips that still agree; false when more bytes are needed."""
        at, sound = self._position, self._sound
        until = at + len(sound)
        reached = [(match.agreement(sound, at), match) for match in self._matches]
        for agreed, match in reached:
            if agreed == match.end and (self._done is None or match.end > self._done.end):
                self._done = match
        running = [match for agreed, match in reached if agreed == until and match.end > until]
        if not running:
            self._settle([match for _, match in reached], max(agreed for agreed, _ in reached))
            return True
        self._matches = running
        if self._done is None:
            self._drop(len(sound))
        return False

    def _settle(self, matches: list[_Match], agreed: int) -> None:
        """No clip goes on: the longest that was heard to its end counts, else the one that agreed longest."""
        if self._done is not None:
            match, until = self._done, self._done.end
        else:
            match = max(matches, key=lambda one: one.agreement(self._sound, self._position))
            until = agreed
        self._matches, self._done = [], None
        start = match.origin + match.entered
        if until >= match.end or until - start >= _SHORTEST:
            self._add(match.words(until), match.clip.voice, start, until, until >= match.end)
        self._drop(max(0, until - self._position))

    def _search(self) -> bool:
        """Skips silence and unknown sound up to the next clip; false when more bytes are needed."""
        if quiet := _LEADING_QUIET.match(self._sound).end():  # type: ignore[union-attr]
            self._drop(quiet)
            self._quiet += quiet
            if self._quiet >= UTTERANCE_GAP:
                self._finish()
            return True
        run = _QUIET_RUN.search(self._sound)
        limit = run.start() if run else len(self._sound) - WINDOW + 1
        for at in range(limit):
            window = self._sound[at : at + WINDOW]
            if found := self._windows.at.get(window):
                self._begin(at, found)
                return True
            if window == subtitle.MAGIC:
                return self._read_subtitle(at)
        if limit > 0:
            self._pass_over(limit)
        return run is not None

    def _begin(self, at: int, found: list[tuple[int, int]]) -> None:
        self._pass_over(at)
        self._matches = [
            _Match(self._clips[number], self._position - offset, offset if offset != self._windows.first[number] else 0)
            for number, offset in found
        ]

    def _pass_over(self, count: int) -> None:
        self._quiet = 0
        self._unknown += count
        self._drop(count)

    def _read_subtitle(self, at: int) -> bool:
        self._drop(at)
        length = subtitle.length_of(self._sound)
        if length is None or length > len(self._sound):
            return False
        if caption := subtitle.read(self._sound[:length]):
            self._add(*caption, self._position, self._position + length, True)
        self._drop(length)
        return True

    def _add(self, words: str, voice: str, start: int, end: int, complete: bool) -> None:
        if voice != self._voice:
            self._finish()
        if not self._parts:
            self._start, self._voice = start, voice
        elif self._parts[-1][-1:] not in {".", "!", "?", ","}:
            pause = start - self._end if self._unknown <= _UNKNOWN_SOUND else 0
            self._parts[-1] += next((mark for gap, mark in _GLUE if pause >= gap), "")
        if words:
            self._parts.append(words)
        self._end, self._complete, self._quiet, self._unknown = end, complete, 0, 0

    def _finish(self) -> None:
        if self._parts:
            self._finished.append(Heard(" ".join(self._parts), self._voice, self._start, self._end, self._complete))
        self._parts, self._voice = [], ""

    def _drop(self, count: int) -> None:
        self._sound = self._sound[count:]
        self._position += count


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
