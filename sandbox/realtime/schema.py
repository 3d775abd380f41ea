"""The shape of what a client may send, as data, and the one walker that finds the first thing wrong with it.

Messages and codes are the API's own wording. The tables follow the GA schema (openai SDK 3.54 types): a key that is not
listed is refused by name, which is how beta-era fields are found out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never


class Refused(Exception):
    """One `error` event: what the API would answer to this client event."""

    def __init__(self, code: str | None, message: str, param: str | None = None, kind: str = "invalid_request_error"):
        super().__init__(message)
        self.code, self.message, self.param, self.kind = code, message, param, kind


@dataclass(frozen=True)
class Text:
    pass


@dataclass(frozen=True)
class Bool:
    pass


@dataclass(frozen=True)
class Number:
    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Word:
    """One of these strings; `also_inf` numbers are written with OneOf."""

    allowed: tuple[str, ...]


@dataclass(frozen=True)
class ListOf:
    entry: "Shape"


@dataclass(frozen=True)
class Labels:
    """Metadata: any keys, text values."""


@dataclass(frozen=True)
class Fields:
    keys: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class ByType:
    """An object whose `type` says which fields it has."""

    kinds: Mapping[str, Fields]


@dataclass(frozen=True)
class OneOf:
    shapes: tuple["Shape", ...]


@dataclass(frozen=True)
class Null:
    pass


@dataclass(frozen=True)
class Anything:
    pass


Shape = Text | Bool | Number | Word | ListOf | Labels | Fields | ByType | OneOf | Null | Anything

TYPE_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
}


def check(value: Any, shape: Shape, at: str) -> None:
    """Raises Refused at the first fault, depth first in the order the client wrote."""
    match shape:
        case Anything():
            return
        case Null():
            _expect(value, type(None), "null", at)
        case Text():
            _expect(value, str, "a string", at)
        case Bool():
            _expect(value, bool, "a boolean", at)
        case Number():
            _check_number(value, shape, at)
        case Word(allowed):
            if value not in allowed:
                raise Refused("invalid_value", f"Invalid value: {value!r}. {supported(allowed)}", at)
        case ListOf(entry):
            _expect(value, list, "an array", at)
            for index, each in enumerate(value):
                check(each, entry, f"{at}[{index}]")
        case Labels():
            _expect(value, dict, "an object", at)
            for key, each in value.items():
                check(each, Text(), f"{at}.{key}")
        case Fields():
            _expect(value, dict, "an object", at)
            _check_fields(value, shape, at)
        case ByType(kinds):
            _check_by_type(value, kinds, at)
        case OneOf(shapes):
            _check_one_of(value, shapes, at)
        case _:
            assert_never(shape)


def supported(allowed: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in allowed]
    if len(quoted) == 1:
        return f"Supported values are: {quoted[0]}."
    if len(quoted) == 2:
        return f"Supported values are: {quoted[0]} and {quoted[1]}."
    return f"Supported values are: {', '.join(quoted[:-1])}, and {quoted[-1]}."


def _expect(value: Any, kind: type, name: str, at: str) -> None:
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        got = "null" if value is None else TYPE_NAMES.get(type(value), "something else")
        raise Refused("invalid_type", f"Invalid type for '{at}': expected {name}, but got {got} instead.", at)


def _check_number(value: Any, shape: Number, at: str) -> None:
    word = "integer" if shape.whole else "decimal"
    if isinstance(value, bool) or not isinstance(value, int if shape.whole else (int, float)):
        got = "null" if value is None else TYPE_NAMES.get(type(value), "something else")
        expected = "an integer" if shape.whole else "a decimal"
        raise Refused("invalid_type", f"Invalid type for '{at}': expected {expected}, but got {got} instead.", at)
    if value < shape.low:
        message = (
            f"Invalid '{at}': {word} below minimum value. Expected a value >= {shape.low}, but got {value} instead."
        )
        raise Refused(f"{word}_below_min_value", message, at)
    if value > shape.high:
        message = (
            f"Invalid '{at}': {word} above maximum value. Expected a value <= {shape.high}, but got {value} instead."
        )
        raise Refused(f"{word}_above_max_value", message, at)


def _check_fields(value: dict[str, Any], shape: Fields, at: str) -> None:
    prefix = f"{at}." if at else ""
    for key in shape.required:
        if key not in value:
            raise Refused("missing_required_parameter", f"Missing required parameter: '{prefix}{key}'.", prefix + key)
    for key, each in value.items():
        if key not in shape.keys:
            raise Refused("unknown_parameter", f"Unknown parameter: '{prefix}{key}'.", prefix + key)
        check(each, shape.keys[key], prefix + key)


def _check_by_type(value: Any, kinds: Mapping[str, Fields], at: str) -> None:
    _expect(value, dict, "an object", at)
    if "type" not in value:
        raise Refused("missing_required_parameter", f"Missing required parameter: '{at}.type'.", f"{at}.type")
    check(value["type"], Word(tuple(kinds)), f"{at}.type")
    kind = kinds[value["type"]]
    _check_fields(value, Fields({"type": Anything(), **kind.keys}, kind.required), at)


def _check_one_of(value: Any, shapes: tuple[Shape, ...], at: str) -> None:
    """The complaint of the last shape that fits the JSON type, so that the deepest fault is named."""
    complaint: Refused | None = None
    for shape in shapes:
        try:
            check(value, shape, at)
        except Refused as refused:
            if complaint is None or refused.code != "invalid_type":
                complaint = refused
        else:
            return
    if complaint:
        raise complaint


def optional(shape: Shape) -> Shape:
    return OneOf((shape, Null()))


@dataclass(frozen=True)
class EventShape:
    """A client event: its own keys beside `type` and `event_id`."""

    keys: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def fields(self) -> Fields:
        return Fields({"type": Anything(), "event_id": optional(Text()), **self.keys}, self.required)
