"""Which test covers which numbered rule, read from the tests' names and docstrings; makes `docs/rules.md`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
HEAD = """# The rules, and their tests

Made by `python -m tests.house.rules` from `tests/house/rules.yaml` and the names and docstrings of the tests; a rule without a
test fails the suite.
"""
TITLES = {
    "realtime": ("OpenAI Realtime over WebSocket", ""),
    "twilio": ("Twilio: dialing, callbacks, signatures, Media Streams", "R"),
    "reliability": ("Never twice, never lost", ""),
}
_REALTIME = re.compile(r"\bRules? ((?:\d+(?:-\d+)?(?:, | and )?)+)")
_TWILIO = re.compile(r"\bR(\d+)(?:-R?(\d+))?\b")
_RELIABILITY = re.compile(r"\b[Rr]eliability(?:\.md)?,? rules? ((?:\d+(?:-\d+)?(?:, | and )?)+)")
_NAMED_TWILIO = re.compile(r"_r(\d+)(?:_to_r(\d+))?(?=_|$)")
_NAMED_RELIABILITY = re.compile(r"_reliability((?:_\d+(?:_to_\d+)?)+)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class Rule:
    words: str
    not_applied: str = ""


def rules() -> dict[str, dict[int, Rule]]:
    given = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text("utf-8"))
    return {
        kind: {number: Rule(**one) if isinstance(one, dict) else Rule(one) for number, one in some.items()}
        for kind, some in given.items()
    }


def named() -> dict[str, dict[int, list[str]]]:
    """Test names by kind and number, as `tests/folder/file.py::test`."""
    found: dict[str, dict[int, list[str]]] = {kind: defaultdict(list) for kind in TITLES}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, text in _docstrings(path):
            where = f"{path.relative_to(ROOT)}::{name}"
            for match in _REALTIME.finditer(text):
                _note(found["realtime"], match[1], where)
            for match in (*_TWILIO.finditer(text), *_NAMED_TWILIO.finditer(name)):
                _note(found["twilio"], f"{match[1]}-{match[2] or match[1]}", where)
            for match in _RELIABILITY.finditer(text):
                _note(found["reliability"], match[1], where)
            for match in _NAMED_RELIABILITY.finditer(name):
                _note(found["reliability"], match[1].replace("_to_", "-").replace("_", " "), where)
    return found


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield node.name, ast.get_docstring(node) or ""


def _note(found: dict[int, list[str]], numbers: str, where: str) -> None:
    for first, last in _RANGE.findall(numbers):
        for number in range(int(first), int(last or first) + 1):
            if where not in found[number]:
                found[number].append(where)


def page() -> str:
    tests = named()
    parts = [HEAD]
    for kind, some in rules().items():
        title, prefix = TITLES[kind]
        parts += [f"## {title}\n", "| rule | in short | tests |", "|---|---|---|"]
        for number, rule in some.items():
            where = f"not applied: {rule.not_applied}" if rule.not_applied else _short(tests[kind][number])
            parts.append(f"| {prefix}{number} | {rule.words} | {where} |")
        parts.append("")
    return "\n".join(parts)


def _short(tests: list[str]) -> str:
    """One link a file, however many of its tests name the rule."""
    count: dict[str, int] = defaultdict(int)
    for test in tests:
        count[test.partition("::")[0]] += 1
    return ", ".join(f"[{Path(path).stem.removeprefix('test_')}](../{path})" for path in count)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
