"""Finding and reading playbook files: by name as package data whatever the working directory, or by path.

Every fault is reported as `file:line: where: what`, all at once. The hash of the text is kept with every call.
"""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml
from pydantic import ValidationError

from campaign.errors import Permanent
from qualify.playbook import Playbook

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Script:
    """A checked playbook with what identifies it: the text's hash, and its path unless it ships with the package."""

    playbook: Playbook
    sha256: str
    path: Path | None = None


def load(named: str) -> Script:
    """`solar-us` names a shipped playbook; anything ending in .yaml or .yml is a path."""
    if named.endswith(SUFFIXES):
        return _from_path(Path(named))
    entry = resources.files("prompts") / "playbooks" / f"{named}.yaml"
    if not entry.is_file() or "/" in named:
        raise Permanent(f"no playbook {named!r}; shipped are {', '.join(shipped())}", code="no_playbook")
    return parse(entry.read_text(encoding="utf-8"), source=f"{named}.yaml")


def shipped() -> list[str]:
    """Names of the playbooks that come with the package."""
    folder = resources.files("prompts") / "playbooks"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def parse(text: str, *, source: str, path: Path | None = None) -> Script:
    """Check a playbook's text. Raises `Permanent` naming every fault with its line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise Permanent(
            f"{source}:{line}: not YAML: {getattr(error, 'problem', error)}", code="bad_playbook"
        ) from error
    try:
        playbook = Playbook.model_validate(given)
    except ValidationError as error:
        faults = [
            f"{source}:{_line(node, fault['loc'])}: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise Permanent("\n".join(faults), code="bad_playbook") from error
    return Script(playbook, hashlib.sha256(text.encode()).hexdigest(), path)


def _from_path(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"cannot read playbook {path}: {error}", code="no_playbook") from error
    return parse(text, source=str(path), path=path.resolve())


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
