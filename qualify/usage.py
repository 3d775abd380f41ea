"""Tokens and money of a call, from the usage each response reports; cancelled ones count too. (realtime.md 1.9)"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# USD per million tokens: text in, text cached, text out, audio in, audio cached, audio out (model pages, Nov 2026).
PRICES = {
    "gpt-realtime-2.1-mini": (0.60, 0.06, 2.40, 10.00, 0.30, 20.00),
    "gpt-realtime-2.1": (4.00, 0.40, 24.00, 32.00, 0.40, 64.00),
    "gpt-realtime-2": (4.00, 0.40, 24.00, 32.00, 0.40, 64.00),
    "gpt-realtime-1.5": (4.00, 0.40, 16.00, 32.00, 0.40, 64.00),
}
DEAREST = PRICES["gpt-realtime-2.1"]
KINDS = ("text_in", "text_cached", "text_out", "audio_in", "audio_cached", "audio_out")


@dataclass(slots=True)
class Usage:
    model: str
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    responses: int = 0
    transcription: dict[str, float] = field(default_factory=dict)

    def add(self, usage: Mapping[str, Any]) -> None:
        """One response's usage; details the API leaves out count as zero."""
        if not usage:
            return
        into, out = _part(usage, "input_token_details"), _part(usage, "output_token_details")
        cached = _part(into, "cached_tokens_details")
        self.responses += 1
        for key, value in (
            ("text_in", _count(into, "text_tokens") - _count(cached, "text_tokens")),
            ("text_cached", _count(cached, "text_tokens")),
            ("audio_in", _count(into, "audio_tokens") - _count(cached, "audio_tokens")),
            ("audio_cached", _count(cached, "audio_tokens")),
            ("text_out", _count(out, "text_tokens")),
            ("audio_out", _count(out, "audio_tokens")),
        ):
            self.tokens[key] += max(0, value)

    def add_transcription(self, usage: Mapping[str, Any]) -> None:
        for key in ("total_tokens", "seconds"):
            amount = usage.get(key)
            if isinstance(amount, int | float) and not isinstance(amount, bool):
                self.transcription[key] = self.transcription.get(key, 0) + amount

    @property
    def usd(self) -> float:
        """Price of the model's tokens; an unknown model is priced as the dearest known one."""
        prices = dict(zip(KINDS, _prices(self.model), strict=True))
        return round(sum(self.tokens[kind] * prices[kind] for kind in KINDS) / 1_000_000, 6)

    def report(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "responses": self.responses,
            "tokens": dict(self.tokens),
            "transcription": dict(self.transcription),
        }


def _prices(model: str) -> tuple[float, ...]:
    """By the longest known prefix: dated snapshots cost what their family costs."""
    known = sorted((name for name in PRICES if model.startswith(name)), key=len)
    return PRICES[known[-1]] if known else DEAREST


def _part(usage: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = usage.get(key)
    return part if isinstance(part, Mapping) else {}


def _count(part: Mapping[str, Any], key: str) -> int:
    value = part.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
