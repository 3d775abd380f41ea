"""What the model's session holds: its items in order, so that old ones can be taken out again and tail items replaced.

Known from what the API announces. Nothing of it survives a lost session. (realtime.md rules 61, 65)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from qualify.events import ItemKept

OUTPUT = "function_call_output"
CALLS = frozenset({"function_call", OUTPUT})


@dataclass(frozen=True, slots=True)
class Held:
    item_id: str
    kind: str
    role: str
    call_id: str
    at: float

    @property
    def turn(self) -> bool:
        """Something one of the two people said."""
        return self.kind == "message" and self.role in ("user", "assistant")


@dataclass(slots=True)
class Context:
    items: dict[str, Held] = field(default_factory=dict)
    summary: str = ""
    """Id of the item that stands for the turns taken out."""
    goal: str = ""
    """Id of the item that restates what is still open."""
    pruned_at: float = 0.0
    void: set[str] = field(default_factory=set)
    """Spoken items of earlier sessions, which the present one has never heard of."""
    _stand_ins: dict[str, str] = field(default_factory=dict)
    """Turns of an earlier session by the id of the text item that repeats them in this one."""

    def keep(self, event: ItemKept, now: float) -> None:
        """Announced once or several times: the first counts."""
        if event.item_id and event.item_id not in self.items:
            self.items[event.item_id] = Held(event.item_id, event.kind, event.role, event.call_id, now)

    def stand_in(self, item_id: str, fresh_id: str) -> str:
        """The id under which a turn of an earlier session is repeated."""
        if item_id:
            self._stand_ins[fresh_id] = item_id
        return fresh_id

    def turns(self) -> set[str]:
        """The turns that are still in the model's view, by their ids in the transcript."""
        return {self._stand_ins.get(item_id, item_id) for item_id in self.items}

    def gone(self, item_id: str) -> None:
        self.items.pop(item_id, None)

    def reset(self, spoken: Iterable[str], now: float) -> None:
        """The session is gone, and with it these items."""
        self.void.update(spoken)
        self.items.clear()
        self._stand_ins.clear()
        self.summary = self.goal = ""
        self.pruned_at = now

    def before_last(self, turns: int) -> list[Held]:
        """Everything older than the last so many turns, oldest first; our own summary and goal items are no part of it."""
        held = [item for item in self.items.values() if item.item_id not in (self.summary, self.goal)]
        spoken = [place for place, item in enumerate(held) if item.turn]
        return held[: spoken[-turns]] if len(spoken) > turns else []
