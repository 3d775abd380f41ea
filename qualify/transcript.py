"""What was said, by whom, when: agent text only as far as it was heard, caller text as transcribed.

An agent's words are cut where its audio was cut, in proportion; the unheard rest is kept apart. (realtime.md rule 30)
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["agent", "caller", "note"]


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

    @property
    def heard(self) -> str:
        return self.text if self.cut_at is None else self.text[: cut_index(self.text, self.cut_at)]

    @property
    def unheard(self) -> str:
        return "" if self.cut_at is None else self.text[cut_index(self.text, self.cut_at) :].strip()


def cut_index(text: str, share: float) -> int:
    """Where to cut a text of which `share` was heard: back to the end of the last whole word."""
    if share >= 1.0:
        return len(text)
    at = max(0, int(len(text) * share))
    if at == 0 or at >= len(text) or text[at].isspace():
        return at
    return text.rfind(" ", 0, at) + 1


@dataclass(slots=True)
class Transcript:
    lines: list[Line] = field(default_factory=list)
    _by_item: dict[str, Line] = field(default_factory=dict)

    def line(self, role: Role, item_id: str, now_ms: int) -> Line:
        found = self._by_item.get(item_id)
        if found is None:
            found = self._by_item[item_id] = Line(role, item_id, now_ms, now_ms)
            self.lines.append(found)
        return found

    def find(self, item_id: str) -> Line | None:
        return self._by_item.get(item_id)

    def note(self, text: str, now_ms: int) -> Line:
        line = Line("note", "", now_ms, now_ms, text, final=True)
        self.lines.append(line)
        return line

    def last(self, role: Role) -> Line | None:
        return next((line for line in reversed(self.lines) if line.role == role), None)

    @property
    def spoken(self) -> list[Line]:
        """Turns of the two people on the phone that contain something, in order."""
        return [line for line in self.lines if line.role != "note" and line.heard.strip()]
