"""Every tool call of a conversation: asked once, run once, answered once.

The ledger decides nothing about what a tool does. (realtime.md rules 44-50)
"""

from dataclasses import dataclass, field
from typing import Any

PRIVATE = "_"
"""Keys of a result that begin so are for the session, never for the model."""


@dataclass(slots=True)
class Use:
    call_id: str
    name: str
    arguments: str
    response_id: str
    asked_at: float
    answered_at: float | None = None
    result: dict[str, Any] = field(default_factory=dict)
    silent: bool = False
    """Its answer asks for no response (a call that ends the conversation)."""
    late: bool = False
    held: bool = False
    """Not run yet: it is not certain that a person asked for it."""


def public(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if not key.startswith(PRIVATE)}


@dataclass(slots=True)
class ToolLedger:
    uses: dict[str, Use] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    """Calls whose outputs the model's side has confirmed."""

    def ask(self, call_id: str, name: str, arguments: str, response_id: str, now: float) -> Use | None:
        """None for a call already known: the API announces each several times."""
        if call_id in self.uses:
            return None
        use = self.uses[call_id] = Use(call_id, name, arguments, response_id, now)
        return use

    def answer(self, call_id: str, result: dict[str, Any], now: float) -> Use | None:
        """None when it was never asked, or answered before: then nothing may be sent for it."""
        use = self.uses.get(call_id)
        if use is None or use.answered_at is not None:
            return None
        use.answered_at, use.result = now, result
        return use

    def running(self) -> list[Use]:
        return [use for use in self.uses.values() if use.answered_at is None]

    def ready(self, response_id: str) -> frozenset[str] | None:
        """Calls of a response once all are answered, those that want a reply; None while one is running or there is none."""
        calls = [use for use in self.uses.values() if use.response_id == response_id]
        if not calls or any(use.answered_at is None for use in calls):
            return None
        return frozenset(use.call_id for use in calls if not use.silent)
