"""The latency ledger: what the person felt, turn by turn, from the event stream. Budgets are those of DESIGN section 6.

A turn's wait is told in parts: the silence after which it counts as over, the wait for the model to begin, the model itself, our
tools, and the way to the phone. (realtime.md section 4)
"""

import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

BUDGET_MS = {"first_audio": 700, "tool": 400, "interrupt": 200, "hang_up": 1500, "greeting": 2000}
PARTS = ("noticed", "queue", "model", "tools", "network")
COUNTS = {
    "interruptions": "interruptions",
    "false_barge_ins": "false_interruptions",
    "slot_conflicts": "error:conversation_already_has_active_response",
    "late_deltas": "late_audio",
    "truncate_errors": "truncates_refused",
}
"""What the ledger counts, and under which name the session does."""


@dataclass(slots=True)
class Turn:
    """One answer of the agent: from the person's last sound to the first audio sent to the phone, and to its first sound."""

    stopped_at: float
    noticed_at: float
    committed_at: float | None = None
    started_at: float | None = None
    sent_at: float | None = None
    sounded_at: float | None = None
    item_id: str = ""
    tools_ms: int = 0
    """Time our tools took meanwhile."""

    def figures(self) -> "Figures":
        model = _between(self.started_at, self.sent_at)
        known = {
            "noticed": _between(self.stopped_at, self.noticed_at),
            "queue": _between(self.committed_at or self.noticed_at, self.started_at),
            "model": None if model is None else max(0, model - self.tools_ms),
            "tools": self.tools_ms,
            "network": _between(self.sent_at, self.sounded_at),
        }
        parts = {part: ms for part, ms in known.items() if ms is not None}
        return Figures(_between(self.stopped_at, self.sent_at), _between(self.stopped_at, self.sounded_at), parts)


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """What a turn took, in milliseconds."""

    first_audio: int | None
    heard: int | None
    """As the person felt it: voice to voice."""
    parts: dict[str, int]
    """By part, those that are known; `model` is without the tools."""


_PACKED = msgspec.msgpack.Decoder(list[Figures])
RECENT, BLOCK = 16, 16
"""Turns that may still be heard to begin, and how many older ones are packed at once."""


@dataclass(slots=True)
class Latency:
    turns: list[Turn] = field(default_factory=list)
    """The last ones; `figures` has all."""
    interrupts: "array[int]" = field(default_factory=lambda: array("i"))
    tools: list[dict[str, Any]] = field(default_factory=list)
    greeting_ms: int | None = None
    """From the stream's start, which is the answer, to our first audio."""
    greeting_after_ms: int | None = None
    """From the end of the callee's own greeting to our first audio."""
    hang_up_ms: int | None = None
    _intent_at: float | None = None
    _open: Turn | None = None
    _packed: list[bytes] = field(default_factory=list)

    def caller_stopped(self, sound_ended_at: float, now: float) -> None:
        self._open = Turn(min(sound_ended_at, now), now)

    def committed(self, now: float) -> None:
        if self._open is not None and self._open.committed_at is None:
            self._open.committed_at = now

    def response_started(self, now: float) -> None:
        if self._open is not None and self._open.started_at is None:
            self._open.started_at = now

    def audio_sent(self, item_id: str, now: float, since_answer_ms: int = 0) -> None:
        """An item's first audio goes to the phone."""
        turn = self._open
        if turn is not None:
            turn.sent_at, turn.item_id = now, item_id
            self.turns.append(turn)
            self._open = None
            if len(self.turns) >= RECENT + BLOCK:
                self._packed.append(
                    zlib.compress(msgspec.msgpack.encode([turn.figures() for turn in self.turns[:BLOCK]]))
                )
                del self.turns[:BLOCK]
        if self.greeting_ms is None:
            self.greeting_ms = since_answer_ms
            self.greeting_after_ms = turn.figures().first_audio if turn is not None else None

    def sounded(self, item_id: str, began_at: float) -> None:
        """An echo proved when the item began to sound."""
        turn = next((turn for turn in reversed(self.turns) if turn.item_id == item_id), None)
        if turn is not None and turn.sounded_at is None and turn.sent_at is not None:
            turn.sounded_at = max(turn.sent_at, began_at)

    def interrupted(self, sound_began_at: float, now: float) -> None:
        self.interrupts.append(_ms(max(0.0, now - sound_began_at)))

    def tool(self, name: str, seconds: float) -> None:
        self.tools.append({"name": name, "ms": _ms(seconds)})
        if self._open is not None:
            self._open.tools_ms += max(1, _ms(seconds))

    def intend_to_end(self, now: float) -> None:
        """The farewell is over: from here the hang-up counts."""
        self._intent_at = now

    def hung_up(self, now: float) -> None:
        if self._intent_at is not None and self.hang_up_ms is None:
            self.hang_up_ms = _ms(now - self._intent_at)

    def figures(self) -> Iterator[Figures]:
        """Of every turn, in order."""
        for block in self._packed:
            yield from _PACKED.decode(zlib.decompress(block))
        yield from (turn.figures() for turn in self.turns)

    def measured(self) -> dict[str, list[int]]:
        """All values by measure."""
        turns = list(self.figures())
        return {
            "first_audio": _known(turn.first_audio for turn in turns),
            "heard": _known(turn.heard for turn in turns),
            **{part: [turn.parts[part] for turn in turns if part in turn.parts] for part in PARTS},
            "interrupt": list(self.interrupts),
            "tool": [use["ms"] for use in self.tools],
            "greeting": _known([self.greeting_after_ms]),
            "hang_up": _known([self.hang_up_ms]),
        }

    def report(self, counts: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The account kept with the call: spreads against the budgets, the parts of each turn, and what went wrong."""
        spreads = {name: _spread(values, name) for name, values in self.measured().items()}
        over = [name for name, spread in spreads.items() if spread.get("over_budget")]
        names = sorted({use["name"] for use in self.tools})
        turns = list(self.figures())
        return spreads | {
            "over_budget": over,
            "within_budget": not over,
            "tools": self.tools,
            "tool_by_name": {
                name: _spread([use["ms"] for use in self.tools if use["name"] == name], "tool") for name in names
            },
            "greeting_ms": self.greeting_ms,
            "greeting_after_ms": self.greeting_after_ms,
            "hang_up_ms": self.hang_up_ms,
            "turns": [turn.first_audio for turn in turns],
            "tools_in_turns": [turn.parts["tools"] for turn in turns],
            "parts": [turn.parts for turn in turns],
            "trouble": {name: (counts or {}).get(key, 0) for name, key in COUNTS.items()},
        }


def _spread(values: list[int], measure: str) -> dict[str, Any]:
    ordered = sorted(values)
    if not ordered:
        return {"n": 0}
    spread = {
        "n": len(ordered),
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[int(len(ordered) * 0.95)],
        "max": ordered[-1],
    }
    if (budget := BUDGET_MS.get(measure)) is not None:
        spread |= {"budget": budget, "over_budget": sum(value > budget for value in ordered)}
    return spread


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _between(start: float | None, end: float | None) -> int | None:
    return None if start is None or end is None else _ms(max(0.0, end - start))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
