"""Reading what a model sends as arguments: liberal in form, since models vary; strictness belongs to the effect.

Strings stand for booleans and numbers, unknown fields are ignored, missing optional ones take their defaults.
"""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from campaign.errors import Permanent

YES = frozenset(["true", "yes", "y", "1", "on", "confirmed", "confirm", "ok"])


class Arguments(BaseModel):
    """Base of the tools' argument models; their JSON schema is what the model is given."""

    model_config = ConfigDict(extra="ignore")


Model = TypeVar("Model", bound=Arguments)


def read(kind: type[Model], text: str) -> Model:
    """Raises `Permanent` (codes bad_json, bad_arguments) with a message the model can act on."""
    try:
        given = json.loads(text) if text and text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Permanent("The arguments are not valid JSON. Call again with a JSON object.", code="bad_json") from error
    if not isinstance(given, dict):
        raise Permanent("The arguments must be a JSON object.", code="bad_json")
    try:
        return kind.model_validate({key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        where = "; ".join(
            f"{'.'.join(map(str, f['loc'])) or 'arguments'}: {f['msg']}" for f in error.errors(include_input=False)
        )
        raise Permanent(f"Wrong arguments: {where}"[:400], code="bad_arguments") from error


def truth(value: Any) -> bool:
    """`true`, "true", "yes", 1 … are true; everything else is not: a doubtful confirmation is none."""
    return value.strip().lower() in YES if isinstance(value, str) else value is True or value == 1


def schema(kind: type[Arguments]) -> dict[str, Any]:
    """JSON schema as the Realtime API takes it: flat, no titles."""
    made = kind.model_json_schema()
    properties = {name: _plain(part, made.get("$defs", {})) for name, part in made.get("properties", {}).items()}
    return {
        "type": "object",
        "properties": properties,
        "required": made.get("required", []),
        "additionalProperties": False,
    }


def _plain(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_plain(entry, definitions) for entry in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _plain(definitions[part["$ref"].rsplit("/", 1)[-1]], definitions)
    return {
        key: {name: _plain(entry, definitions) for name, entry in value.items()}
        if key == "properties"
        else _plain(value, definitions)
        for key, value in part.items()
        if key not in ("title", "default") or (key == "title" and isinstance(value, dict))
    }
