"""What a model decided to do with its turn: lines to say and tools to call, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.realtime.conversation import Item


@dataclass(frozen=True)
class Say:
    text: str
    phase: str = "final_answer"


@dataclass(frozen=True)
class Call:
    name: str
    arguments: Mapping[str, Any]


Turn = tuple[Say | Call, ...]


@dataclass(frozen=True)
class Scene:
    """Everything a model may look at. `order` is the instruction of this one response, if it has its own."""

    instructions: str
    tools: frozenset[str]
    items: Sequence[Item]
    order: str = ""
    text_only: bool = False
    quirk: float = 1.0  # seeded draw, 0 to 1: low values let the stand-in show habits of the 2.x models


Model = Callable[[Scene], Turn]
