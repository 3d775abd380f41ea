"""Finding and reading playbook files: by name as package data whatever the working directory, or by path.

Every fault is reported as `file:line: where: what`, all at once. The hash of the text is kept with every call.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from campaign import yaml_file
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


@lru_cache(maxsize=64)
def parse(text: str, *, source: str, path: Path | None = None) -> Script:
    """Check a playbook's text. Raises `Permanent` naming every fault with its line."""
    playbook = yaml_file.parse(text, Playbook, source=source, code="bad_playbook")
    return Script(playbook, hashlib.sha256(text.encode()).hexdigest(), path)


def _from_path(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"cannot read playbook {path}: {error}", code="no_playbook") from error
    return parse(text, source=str(path), path=path.resolve())
