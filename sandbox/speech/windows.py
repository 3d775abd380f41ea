"""Where clips can be recognised: short byte windows, distinctive ones only, and which clips have them at which place.

A window of 24 μ-law bytes with at least ten different values is as good as a fingerprint: real speech never repeats it.
"""

from collections.abc import Sequence
from typing import Protocol

WINDOW = 24
_DIFFERENT = 10
_STEP = 480
_QUIET = b"\xff\x7f\xfe\x7e"  # skipped as silence before a window is looked for, so none may begin with them


class Sounding(Protocol):
    @property
    def mulaw(self) -> bytes: ...


class Windows:
    """`at[window]`: the (clip number, offset) pairs that hold these bytes; `first[number]`: the earliest of a clip."""

    def __init__(self, clips: Sequence[Sounding]) -> None:
        self.at: dict[bytes, list[tuple[int, int]]] = {}
        self.first: list[int] = []
        for number, clip in enumerate(clips):
            offsets = distinctive(clip.mulaw)
            self.first.append(offsets[0])
            for offset in offsets:
                self.at.setdefault(clip.mulaw[offset : offset + WINDOW], []).append((number, offset))


def distinctive(mulaw: bytes) -> list[int]:
    """Offsets of the windows to remember: the first that serves, then one about every 60 ms."""
    offsets: list[int] = []
    at = 0
    while at + WINDOW <= len(mulaw):
        if mulaw[at] not in _QUIET and len(set(mulaw[at : at + WINDOW])) >= _DIFFERENT:
            offsets.append(at)
            at += _STEP
        else:
            at += 1
    return offsets
