"""Text out of text, without a model: the deterministic stand-in for summaries and judges.

The same input always gives the same answer. A JSON schema, where one is asked for, is filled field by field.
"""

import json
import re
from typing import Any

_SENTENCES = 3
_LINE = re.compile(r"^\s*(?:[-*]\s*)?(agent|assistant|caller|user|lead|customer|person)\s*:\s*(.+)$", re.I | re.M)


_FACTS = re.compile(r"^\s*facts\s*:\s*(\S.*)$", re.I | re.M)
_REMARK_WORDS = 4


def summarise(text: str) -> str:
    """Given facts and what the caller asked; without facts, the last things said; plain text's first sentences."""
    lines = [(who.lower(), said.strip()) for who, said in _LINE.findall(text)]
    if not lines:
        sentences = re.split(r"(?<=[.!?])\s+", " ".join(text.split()))
        return " ".join(sentences[:_SENTENCES])[:600]
    callers = [said for who, said in lines if who not in ("agent", "assistant")]
    agents = [said for who, said in lines if who in ("agent", "assistant")]
    if facts := _FACTS.search(text):
        asked = [said for said in callers if said.endswith("?") and len(said.split()) >= _REMARK_WORDS]
        wondered = f" The caller asked: {' '.join(f'“{said}”' for said in asked[:3])}" if asked else ""
        return (facts.group(1).strip() + wondered)[:900]
    said = "; ".join(callers[:6])
    ending = agents[-1] if agents else ""
    return f"The caller spoke {len(callers)} times and said: {said}. The agent ended with: {ending}"[:900]


def answer(instructions: str, text: str, schema: dict[str, Any] | None) -> str:
    """`schema` is a JSON schema or None; a bare wish for JSON in the instructions gets an object with a summary."""
    summary = summarise(text)
    if schema is not None:
        return json.dumps(_filled(schema, summary), ensure_ascii=False)
    if "json" in instructions.lower():
        return json.dumps({"summary": summary}, ensure_ascii=False)
    return summary


def _filled(schema: dict[str, Any], summary: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _filled(schema[key][0], summary)
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            return {name: _filled(part, summary) for name, part in schema.get("properties", {}).items()}
        case "array":
            return []
        case "boolean":
            return False
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "null":
            return None
        case _:
            return summary[: schema.get("maxLength", len(summary))]
