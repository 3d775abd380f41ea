"""The default conversation: items in order, each knowing its wire form and what was really said and heard in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.audio import MULAW_BYTES_PER_MS
from sandbox.realtime.schema import Refused


@dataclass
class Item:
    """`words` is what the item says; `audio_ms` counts what was generated, `heard_ms` what a truncate left of it."""

    id: str
    type: str
    role: str = ""
    status: str = "completed"
    content: list[dict[str, Any]] = field(default_factory=list)
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str = ""
    phase: str | None = None
    words: str = ""
    audio_bytes: int = 0
    spoken_bytes: int = 0
    heard_ms: int | None = None

    @property
    def audio_ms(self) -> int:
        return self.audio_bytes // MULAW_BYTES_PER_MS

    def wire(self) -> dict[str, Any]:
        common = {"id": self.id, "object": "realtime.item", "type": self.type, "status": self.status}
        match self.type:
            case "message":
                phase = {"phase": self.phase} if self.phase and self.status == "completed" else {}
                return {**common, "role": self.role, "content": [dict(part) for part in self.content], **phase}
            case "function_call":
                return {**common, "name": self.name, "call_id": self.call_id, "arguments": self.arguments}
            case _:
                return {**common, "call_id": self.call_id, "output": self.output}

    def heard_words(self) -> str:
        """What the person can have heard: the words up to the truncation, in proportion to the whole utterance."""
        end_ms = self.audio_ms if self.heard_ms is None else self.heard_ms
        total_ms = max(self.spoken_bytes // MULAW_BYTES_PER_MS, 1)
        if not self.spoken_bytes or end_ms >= total_ms:
            return self.words
        return self.words[: len(self.words) * end_ms // total_ms].rpartition(" ")[0]


@dataclass
class Conversation:
    id: str
    items: list[Item] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def find(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)

    def calls(self) -> dict[str, Item]:
        return {item.call_id: item for item in self.items if item.type == "function_call"}

    def answered(self) -> set[str]:
        return {item.call_id for item in self.items if item.type == "function_call_output"}

    def previous(self, item: Item) -> str | None:
        place = self.items.index(item)
        return self.items[place - 1].id if place else None

    def add(self, item: Item, after: str | None = None) -> None:
        """At the end, at the very beginning (`root`), or behind a known item."""
        if self.find(item.id):
            raise Refused("item_create_duplicate_item_id", f"Item with id '{item.id}' already exists.", "item.id")
        if after is None:
            self.items.append(item)
        elif after == "root":
            self.items.insert(0, item)
        else:
            before = self.find(after)
            if before is None:
                message = f"Item with id '{after}' not found in conversation."
                raise Refused("item_create_invalid_previous_item_id", message, "previous_item_id")
            self.items.insert(self.items.index(before) + 1, item)

    def truncate(self, item_id: str, end_ms: int) -> Item:
        item = self.find(item_id)
        if item is None:
            message = f"Error truncating item: the item with id '{item_id}' does not exist."
            raise Refused("item_truncate_invalid_item_id", message)
        if item.role != "assistant" or not item.audio_bytes:
            raise Refused("invalid_value", "Only model output audio messages can be truncated", "item_id")
        if end_ms > item.audio_ms:
            message = f"Audio content of {item.audio_ms}ms is already shorter than {end_ms}ms"
            raise Refused("invalid_value", message)
        item.heard_ms = end_ms if item.heard_ms is None else min(item.heard_ms, end_ms)
        for part in item.content:
            part["transcript"] = ""
        return item

    def delete(self, item_id: str) -> None:
        item = self.find(item_id)
        if item is None:
            message = f"Error deleting item: the item with id '{item_id}' does not exist."
            raise Refused("item_delete_invalid_item_id", message)
        self.items.remove(item)


def item_from_client(wire: dict[str, Any], fresh_id: str) -> Item:
    content = [dict(part) for part in wire.get("content", [])]
    words = " ".join(part.get("text") or part.get("transcript") or "" for part in content).strip()
    return Item(
        id=wire.get("id") or fresh_id,
        type=wire["type"],
        role=wire.get("role", ""),
        content=content,
        call_id=wire.get("call_id", ""),
        name=wire.get("name", ""),
        arguments=wire.get("arguments", ""),
        output=wire.get("output", ""),
        words=words,
    )
