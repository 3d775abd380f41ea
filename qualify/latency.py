"""The latency ledger: what the person felt, turn by turn, from the event stream. Budgets are those of DESIGN section 6.

Buffer offsets become times through the audio sent so far: offset x was sent (sent - x) ms ago. (realtime.md section 4)
"""

from dataclasses import dataclass, field
from typing import Any

BUDGET_MS = {"first_audio": 700, "tool": 400, "interrupt": 200, "hang_up": 1500}


@dataclass(slots=True)
class Turn:
    """One answer of the agent: from the person's last sound to the first audio sent to the phone."""

    stopped_at: float
    noticed_at: float
    started_at: float | None = None
    first_audio_ms: int | None = None
    model_ms: int | None = None
    """From the model's start to its first audio: thinking, tools and what it says after them."""
    tools_ms: int = 0
    """Of that, time our tools took."""

    @property
    def noticed_ms(self) -> int:
        """The silence after which the turn was taken for over."""
        return _ms(self.noticed_at - self.stopped_at)


@dataclass(slots=True)
class Latency:
    turns: list[Turn] = field(default_factory=list)
    interrupts: list[int] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)
    greeting_ms: int | None = None
    hang_up_ms: int | None = None
    _intent_at: float | None = None
    _open: Turn | None = None

    def caller_stopped(self, sound_ended_at: float, now: float) -> None:
        self._open = Turn(min(sound_ended_at, now), now)

    def response_started(self, now: float) -> None:
        if self._open is not None and self._open.started_at is None:
            self._open.started_at = now

    def audio_sent(self, now: float) -> None:
        turn = self._open
        if turn is None:
            return
        turn.first_audio_ms = _ms(now - turn.stopped_at)
        turn.model_ms = _ms(now - turn.started_at) if turn.started_at is not None else None
        self.turns.append(turn)
        self._open = None

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

    def report(self) -> dict[str, Any]:
        firsts = [turn.first_audio_ms for turn in self.turns if turn.first_audio_ms is not None]
        return {
            "first_audio": _spread(firsts, "first_audio"),
            "noticed": _spread([turn.noticed_ms for turn in self.turns]),
            "model": _spread([turn.model_ms for turn in self.turns if turn.model_ms is not None]),
            "interrupt": _spread(self.interrupts, "interrupt"),
            "tool": _spread([use["ms"] for use in self.tools], "tool"),
            "tools": self.tools,
            "greeting_ms": self.greeting_ms,
            "hang_up_ms": self.hang_up_ms,
            "turns": firsts,
            "tools_in_turns": [turn.tools_ms for turn in self.turns],
        }


def _spread(values: list[int], budget: str = "") -> dict[str, Any]:
    ordered = sorted(values)
    if not ordered:
        return {"n": 0}
    spread = {
        "n": len(ordered),
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[int(len(ordered) * 0.95)],
        "max": ordered[-1],
    }
    if budget:
        spread["over_budget"] = sum(value > BUDGET_MS[budget] for value in ordered)
    return spread


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
