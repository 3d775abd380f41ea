"""Strict YAML documents: one reader for every file a person writes, whose errors name file, line and place, all at once."""

from collections.abc import Iterator
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from campaign.errors import Permanent

Document = TypeVar("Document", bound=BaseModel)
PLAIN = {
    "missing": "is required",
    "extra_forbidden": "there is no such key here",
    "too_short": "needs at least one entry",
    "bool_type": "must be true or false",
    "string_type": "must be text; put it in quotes",
}
"""Pydantic's words where they speak of Python rather than of the file."""


def parse(text: str, model: type[Document], *, source: str, code: str) -> Document:
    """Check a document. Raises `Permanent(code)` with one `source:line: where: what` line per fault."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        given = yaml.safe_load(text)
        twice = list(_twice(node, (), set()))
    except RecursionError as error:
        raise Permanent(f"{source}:1: not YAML: nested too deeply", code=code) from error
    except (
        yaml.YAMLError,
        ValueError,
    ) as error:  # ValueError: dates and numbers that YAML reads but Python cannot hold
        mark = getattr(error, "problem_mark", None)
        raise Permanent(
            f"{source}:{mark.line + 1 if mark else 1}: not YAML: {getattr(error, 'problem', error)}", code=code
        ) from error
    if twice:
        raise Permanent("\n".join(f"{source}:{line}: {place}: is there twice" for line, place in twice), code=code)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = [
            f"{source}:{_line(node, fault['loc'])}: {'.'.join(map(str, fault['loc'])) or 'file'}: {_words(fault)}"
            for fault in found
            if not _follows(fault, found)
        ]
        raise Permanent("\n".join(faults), code=code) from error


def fault(text: str, *, source: str, place: tuple[int | str, ...], what: str, code: str) -> Permanent:
    """A fault that only shows in company of other files, worded like those of the document itself."""
    line = _line(yaml.compose(text, Loader=yaml.SafeLoader), place)
    return Permanent(f"{source}:{line}: {'.'.join(map(str, place))}: {what}", code=code)


def _twice(node: yaml.Node | None, place: tuple[str, ...], met: set[int]) -> Iterator[tuple[int, str]]:
    """Keys that a mapping has twice, of which YAML would silently take the last: line and place of the second.

    `met`: nodes that were looked at, since aliases lead to the same ones again and again.
    """
    if id(node) in met:
        return
    met.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in seen:
                yield key.start_mark.line + 1, ".".join((*place, name))
            seen.update({name} - {"", "<<"})
            yield from _twice(value, (*place, name), met)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _twice(value, (*place, str(number)), met)


def _words(fault: ErrorDetails) -> str:
    if fault["type"] == "string_pattern_mismatch":
        return f"does not have the form {fault['ctx']['pattern']}"
    return PLAIN.get(fault["type"], fault["msg"].removeprefix("Value error, "))


def _follows(fault: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """A list that is too short only because its entries were refused: the entries' faults say it already."""
    place = fault["loc"]
    return fault["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in found
    )


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int:
    """The 1-based line of the deepest part of `loc` that the document has."""
    line = node.start_mark.line + 1 if node else 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
