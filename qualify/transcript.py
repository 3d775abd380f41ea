"""What was said, by whom, when: agent text only as far as it was heard, caller text as transcribed.

An agent's words are cut where its audio was cut, in proportion; the unheard rest is kept apart. (realtime.md rule 30)
Lines that nothing can change any more are packed, so that an hour of talk takes a few kilobytes.
"""

import zlib
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from qualify.cards import masked

Role = Literal["agent", "caller", "note"]
RECENT, BLOCK = 40, 20
"""Lines that are always at hand, and how many older ones are packed at once."""


@dataclass(slots=True)
class Line:
    """One turn. Times are ms from the stream's start."""

    role: Role
    item_id: str
    started_ms: int
    ended_ms: int = 0
    text: str = ""
    cut_at: float | None = None
    """Share of the audio that was heard, once the item was cut; None while whole."""
    final: bool = False
    sounded: bool = False
    _masked: tuple[str, str] = ("", "")
    """What was masked last, and what came of it: a line is looked at far more often than it changes."""

    @property
    def heard(self) -> str:
        text = self.text if self.cut_at is None else self.text[: cut_index(self.text, self.cut_at)]
        if self._masked[0] != text:
            self._masked = (text, masked(text))
        return self._masked[1]

    @property
    def unheard(self) -> str:
        return "" if self.cut_at is None else masked(self.text[cut_index(self.text, self.cut_at) :].strip())


def cut_index(text: str, share: float) -> int:
    """Where to cut a text of which `share` was heard: back to the end of the last whole word."""
    if share >= 1.0:
        return len(text)
    at = max(0, int(len(text) * share))
    if at == 0 or at >= len(text) or text[at].isspace():
        return at
    return text.rfind(" ", 0, at) + 1


_PACKED = msgspec.msgpack.Decoder(list[Line])


@dataclass(slots=True)
class Transcript:
    _recent: list[Line] = field(default_factory=list)
    _by_item: dict[str, Line] = field(default_factory=dict)
    _packed: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All of them, oldest first. What becomes of the packed ones is lost."""
        if not self._packed:
            return self._recent
        return [line for block in self._packed for line in _PACKED.decode(zlib.decompress(block))] + self._recent

    def line(self, role: Role, item_id: str, now_ms: int) -> Line:
        found = self._by_item.get(item_id)
        if found is None:
            found = self._by_item[item_id] = Line(role, item_id, now_ms, now_ms)
            self._recent.append(found)
        return found

    def find(self, item_id: str) -> Line | None:
        """A line that is still at hand."""
        return self._by_item.get(item_id)

    def note(self, text: str, now_ms: int) -> Line:
        line = Line("note", "", now_ms, now_ms, text, final=True)
        self._recent.append(line)
        return line

    def last(self, role: Role) -> Line | None:
        at_hand = next((line for line in reversed(self._recent) if line.role == role), None)
        return at_hand or next((line for line in reversed(self.lines) if line.role == role), None)

    def pack(self, needed: Container[str]) -> list[str]:
        """Put the oldest lines away once there are many; returns their items. Not while one of them is `needed`."""
        block = self._recent[:BLOCK]
        if len(self._recent) < RECENT + BLOCK or any(line.item_id in needed for line in block):
            return []
        self._packed.append(zlib.compress(msgspec.msgpack.encode(block)))
        del self._recent[:BLOCK]
        for line in block:
            self._by_item.pop(line.item_id, None)
        return [line.item_id for line in block]

    @property
    def spoken(self) -> list[Line]:
        """Turns of the two people on the phone that contain something, in order."""
        return [line for line in self.lines if line.role != "note" and line.heard.strip()]
