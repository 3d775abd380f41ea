"""A response as the protocol sees it: its settings, its items, its status and its wire form."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.conversation import Item


@dataclass
class Tripwire:
    """Something that happens once this much audio of the response was generated."""

    after_ms: int
    spring: Callable[[], None]
    sprung: bool = False


@dataclass
class Response:
    id: str
    origin: str
    conversation_id: str | None
    modalities: list[str]
    audio_format: dict[str, Any]
    voice: Any
    max_tokens: Any
    instructions: str
    order: str = ""
    tools: frozenset[str] = frozenset()
    metadata: dict[str, Any] | None = None
    context: list[Item] | None = None  # None: the default conversation
    items: list[Item] = field(default_factory=list)
    status: str = "queued"
    details: dict[str, Any] | None = None
    open: Item | None = None
    tripwires: list[Tripwire] = field(default_factory=list)

    @property
    def out_of_band(self) -> bool:
        return self.conversation_id is None

    @property
    def audio_ms(self) -> int:
        return sum(item.audio_ms for item in self.items)

    def wire(self, usage: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self.details,
            "output": [item.wire() for item in self.items if item is not self.open],
            "conversation_id": self.conversation_id,
            "output_modalities": self.modalities,
            "max_output_tokens": self.max_tokens,
            "audio": {"output": {"format": self.audio_format, "voice": self.voice}},
            "usage": usage,
            "metadata": self.metadata,
        }
