"""Hears: recognises our clips in a raw μ-law stream, at any byte alignment, whole or cut off, and says their words.

An utterance is everything said with less than 400 ms of silence in between; it is answered when it is over. Unknown
sound is skipped, a lost frame bridged. A second of known speech costs about 0.1 ms, a second of unknown speech 1 ms.
"""

import re
from dataclasses import dataclass

from sandbox.speech import subtitle
from sandbox.speech.library import Library
from sandbox.speech.matching import Match, Stretch
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


class Ear:
    """Feed it one direction of one call. Not shared between calls; the library is."""

    def __init__(self, library: Library) -> None:
        self._clips = library.clips
        self._windows = library.windows
        self._sound = b""
        self._position = 0  # of the first byte of _sound
        self._quiet = UTTERANCE_GAP
        self._unknown = 0  # bytes of unknown sound since the last clip
        self._matches: list[Match] = []
        self._done: Match | None = None
        self._parts: list[str] = []
        self._tail: Stretch | None = None  # what the last part is made of, when it is a clip
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

    def _settle(self, matches: list[Match], agreed: int) -> None:
        """No clip goes on: the longest that was heard to its end counts, else the one that agreed longest."""
        if self._done is not None:
            match, until = self._done, self._done.end
        else:
            match = max(matches, key=lambda one: one.agreement(self._sound, self._position))
            until = agreed
        self._matches, self._done = [], None
        if until >= match.end or until - match.origin - match.entered >= _SHORTEST:
            start = match.origin + match.entered
            self._add_stretch(Stretch(match.clip, match.entered, until - match.origin, start), until)
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
            Match(self._clips[number], self._position - offset, offset if offset != self._windows.first[number] else 0)
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
            self._tail = None
            self._add(*caption, self._position, self._position + length, complete=True)
        self._drop(length)
        return True

    def _add_stretch(self, stretch: Stretch, until: int) -> None:
        joined = self._tail.continued(stretch) if self._tail else None
        if joined and self._tail and self._tail.words:
            self._parts.pop()
        self._tail = tail = joined or stretch
        self._add(tail.words, tail.clip.voice, tail.start, until, complete=tail.last == len(tail.clip.mulaw))

    def _add(self, words: str, voice: str, start: int, end: int, complete: bool) -> None:
        if voice != self._voice:
            tail = self._tail
            self._finish()
            self._tail = tail
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
        self._parts, self._voice, self._tail = [], "", None

    def _drop(self, count: int) -> None:
        self._sound = self._sound[count:]
        self._position += count
