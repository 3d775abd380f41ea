"""Strict YAML documents: one reader for every file a person writes, whose errors name file, line and place, all at once."""

from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from campaign.errors import Permanent

Document = TypeVar("Document", bound=BaseModel)


def parse(text: str, model: type[Document], *, source: str, code: str) -> Document:
    """Check a document. Raises `Permanent(code)` with one `source:line: where: what` line per fault."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        given = yaml.safe_load(text)
    except (
        yaml.YAMLError,
        ValueError,
    ) as error:  # ValueError: dates and numbers that YAML reads but Python cannot hold
        mark = getattr(error, "problem_mark", None)
        raise Permanent(
            f"{source}:{mark.line + 1 if mark else 1}: not YAML: {getattr(error, 'problem', error)}", code=code
        ) from error
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [
            f"{source}:{_line(node, fault['loc'])}: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise Permanent("\n".join(faults), code=code) from error


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
