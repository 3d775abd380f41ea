"""The voice: turns any text into telephone speech out of committed clips, the longest phrases first.

Words no clip has are synthesised when the machine has a synthesiser, else hummed; either way a subtitle inside the
sound says what they are. The same text always makes the same bytes from the same clips.
"""

import json
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

from sandbox.speech import subtitle
from sandbox.speech.mulaw import RATE, padded, silence
from sandbox.speech.resample import to_telephone
from sandbox.speech.shape import clip_of
from sandbox.speech.synthesis import synthesise
from sandbox.speech.tones import hum
from sandbox.speech.windows import Windows
from sandbox.speech.words import Word, key_of, numerals, spelled_out, words_of

CLIPS = Path(__file__).parent / "clips"
PAUSE_MS = {"": 0, ",": 120, ".": 240}

_LONGEST_PHRASE = 40
_UNKNOWN_COST = 100


@dataclass(frozen=True, slots=True)
class Clip:
    voice: str
    text: str
    mulaw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Speech:
    """`mulaw` is whole 20 ms frames; `spoken` is false when any word of it is only a hum."""

    mulaw: bytes = field(repr=False)
    text: str
    spoken: bool

    @property
    def milliseconds(self) -> int:
        return len(self.mulaw) * 1000 // RATE


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of words said by one clip, or (clip None) by nothing we have."""

    words: tuple[Word, ...]
    clips: tuple[Clip, ...]


class Library:
    """Clips by voice and words. Built once and only read, so callers and servers share it freely."""

    def __init__(self, clips: list[Clip]) -> None:
        self.clips = tuple(clips)
        self._by_key: dict[tuple[str, tuple[str, ...]], Clip] = {}
        for clip in clips:
            self._by_key.setdefault((clip.voice, key_of(clip.text)), clip)
        self._said = lru_cache(maxsize=2048)(self._say)

    @classmethod
    def shipped(cls) -> "Library":
        """The committed clips; read once for each process."""
        return _shipped()

    @cached_property
    def windows(self) -> Windows:
        return Windows(self.clips)

    @property
    def voices(self) -> frozenset[str]:
        return frozenset(clip.voice for clip in self.clips)

    def say(self, text: str, voice: str) -> Speech:
        """`text` as that voice says it."""
        return self._said(text, voice)

    def missing(self, text: str, voice: str) -> list[str]:
        """The words of `text` that no committed clip says."""
        unsaid = [piece for piece in self._pieces(words_of(text), voice) if not piece.clips]
        return [word.written for piece in unsaid for word in piece.words]

    def _say(self, text: str, voice: str) -> Speech:
        pieces = self._pieces(words_of(text), voice)
        sound, spoken = bytearray(), True
        for place, piece in enumerate(pieces):
            mulaw, audible = self._sound(piece, voice)
            sound += mulaw
            spoken = spoken and audible
            if place < len(pieces) - 1:
                sound += silence(PAUSE_MS[piece.words[-1].pause])
        return Speech(padded(bytes(sound)), text, spoken)

    def _pieces(self, words: list[Word], voice: str) -> list[_Piece]:
        """The cheapest way to cover the words: no unknown ones if avoidable, then as few clips as possible."""
        best: list[tuple[int, int, _Piece | None]] = [(0, 0, None)]  # cost up to here, where the last piece begins, it
        for end in range(1, len(words) + 1):
            choices = [
                (best[start][0] + price, start, piece)
                for start in range(max(0, end - _LONGEST_PHRASE), end)
                for price, piece in [self._priced(tuple(words[start:end]), voice)]
                if piece is not None
            ]
            best.append(min(choices, key=lambda choice: choice[0]))
        pieces: list[_Piece] = []
        _, start, last = best[-1]
        while last is not None:
            pieces.append(last)
            _, start, last = best[start]
        return _joined(pieces[::-1])

    def _priced(self, words: tuple[Word, ...], voice: str) -> tuple[int, _Piece | None]:
        if clip := self._by_key.get((voice, tuple(word.key for word in words))):
            return 1, _Piece(words, (clip,))
        if len(words) > 1:
            return 0, None
        for parts in (spelled_out(words[0].key), numerals(words[0].key)):
            simpler = [self._by_key.get((voice, (key,))) for key in parts]
            known = tuple(clip for clip in simpler if clip is not None)
            if known and len(known) == len(simpler):
                return len(known), _Piece(words, known)
        return _UNKNOWN_COST, _Piece(words, ())

    def _sound(self, piece: _Piece, voice: str) -> tuple[bytes, bool]:
        if piece.clips:
            return b"".join(clip.mulaw for clip in piece.clips), True
        text = " ".join(word.written for word in piece.words)
        made = synthesise(text, voice)
        mulaw = clip_of(to_telephone(*made)) if made else b""
        return subtitle.subtitle(text, voice) + (mulaw or hum(text)), bool(mulaw)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Neighbouring unknown words as one piece, as long as one subtitle holds them and no sentence ends between."""
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        together = (last.words if last else ()) + piece.words
        fits = sum(len(word.written.encode()) + 1 for word in together) < subtitle.LONGEST - 20
        if last and not last.clips and not piece.clips and fits and last.words[-1].pause != ".":
            joined[-1] = _Piece(together, ())
        else:
            joined.append(piece)
    return joined


def read_clips(folder: Path) -> list[Clip]:
    """Every voice's pack: `<voice>.ulaw` with `<voice>.json`, a list of [text, first byte, length]."""
    clips: list[Clip] = []
    for index in sorted(folder.glob("*.json")):
        sound = index.with_suffix(".ulaw").read_bytes()
        entries = json.loads(index.read_text("utf-8"))
        clips += [Clip(index.stem, text, sound[first : first + length]) for text, first, length in entries]
    return clips


@cache
def _shipped() -> Library:
    return Library(read_clips(CLIPS))
