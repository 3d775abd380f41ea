"""Reads `data/outcomes.tsv`: what the carrier says, what we call it, and what follows, each row with its source.

Everything the carrier can say passes through here; a word or code without a row has the `default` of its kind.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Row:
    """`where`: `status`, `sip`, `alert`, `create`, `network`, `verdict`, `text` or `text.status`. A dash means nothing."""

    where: str
    code: str
    reached: str
    word: str
    action: str
    source: str


@cache
def rows(where: str) -> dict[str, Row]:
    """The rows of one kind by code, in the file's order."""
    return {row.code: row for row in _all() if row.where == where}


def look_up(where: str, code: object) -> Row:
    """The row of a code; the kind's default when nobody has told us what it means."""
    known = rows(where)
    return known.get(str(code)) or known[DEFAULT]


def is_known(where: str, code: object) -> bool:
    return str(code) in rows(where)


@cache
def _all() -> tuple[Row, ...]:
    text = (files("dialer") / "data" / "outcomes.tsv").read_text(encoding="utf-8")
    return tuple(Row(*line.split("\t")) for line in text.splitlines() if line and not line.startswith("#"))
