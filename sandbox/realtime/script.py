"""A playbook as the stand-in speaks it: every line by key, filled with the call's facts, found again in spoken text.

The playbook is named in the compiled instructions (`Playbook: name` or `Playbook-File: path`); facts are the `key:
value` lines of their `# Facts` section. Nothing is said that is not a line here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.realtime.understanding import PHRASES

_GENERIC = Path(__file__).with_name("generic.yaml")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SHORTEST_FRAGMENT = 14

STOCK = {
    language: {f"stock.{key}": text for key, text in lines.items()} for language, lines in PHRASES["stock"].items()
}


@dataclass(frozen=True)
class Script:
    playbook: Mapping[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)
    before: "Script | None" = None
    """What was acted out until the call changed its language: the same keys in other words."""

    @cached_property
    def lines(self) -> dict[str, str]:
        """Templates by key, in the order of the playbook."""
        book = self.playbook
        found = {f"greeting.{key}": text for key, text in book["greeting"].items()}
        for question in book.get("questions", []):
            found[f"question.{question['id']}"] = question["ask"]
            if say := question.get("disqualify", {}).get("say"):
                found[f"disqualify.{question['id']}"] = say
        found |= {f"objection.{each['id']}": each["say"] for each in book.get("objections", [])}
        for part in ("meeting", "callback", "transfer", "closing"):
            found |= {f"{part}.{key}": text for key, text in book.get(part, {}).items() if isinstance(text, str)}
        found["recap"] = book.get("recap", "")
        return {key: text for key, text in {**found, **STOCK[self.language]}.items() if text}

    @property
    def language(self) -> str:
        """Of the stock lines."""
        spoken = str(self.playbook.get("language", "en")).partition("-")[0]
        return spoken if spoken in STOCK else "en"

    @property
    def habits(self) -> Mapping[str, Any]:
        """The small words beside the lines: acknowledgements, preambles, "or"."""
        words: Mapping[str, Any] = PHRASES["habits"][self.language]
        return words

    @property
    def questions(self) -> list[dict[str, Any]]:
        return list(self.playbook.get("questions", []))

    def question(self, question_id: str) -> dict[str, Any]:
        return next(each for each in self.questions if each["id"] == question_id)

    def objection_to(self, has: Any) -> str | None:
        """The id of the first objection for which `has(phrases)` is true."""
        return next((each["id"] for each in self.playbook.get("objections", []) if has(each["hear"])), None)

    def line(self, key: str, **values: str) -> str:
        return self._fill(self.lines.get(key, ""), values)

    def keys_in(self, text: str) -> list[str]:
        """The lines this text consists of, in order; a cut-off last line counts."""
        spoken = _simple(text)
        found = [(match.start(), key) for key, pattern in self._patterns.items() if (match := pattern.search(spoken))]
        found += [(len(spoken), key) for key, line in self._whole_lines.items() if _ends_in_start_of(spoken, line)]
        keys = [key for _, key in sorted(found, key=lambda each: each[0])]
        return keys or (self.before.keys_in(text) if self.before else [])

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {key: re.compile(self._pattern(text)) for key, text in self.lines.items() if key != "meeting.title"}

    @cached_property
    def _whole_lines(self) -> dict[str, str]:
        return {key: _simple(self.line(key)) for key, text in self.lines.items() if "slot" not in text}

    def _pattern(self, template: str) -> str:
        marked = _PLACEHOLDER.sub("\x00", template)
        return ".*?".join(re.escape(_simple(part)) for part in marked.split("\x00"))

    def _fill(self, template: str, values: Mapping[str, str]) -> str:
        known = {"agent": self.playbook.get("identity", {}).get("agent", "Ava"), **self.facts, **values}
        known.setdefault("company", known.get("brand", ""))
        text = _PLACEHOLDER.sub(lambda found: str(known.get(found.group(1), "")), template)
        return re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split()))


@lru_cache(maxsize=64)
def script_from(instructions: str, playbooks: Path) -> Script:
    named = re.search(r"^\W*Playbook:\s*([\w-]+)", instructions, re.M)
    filed = re.search(r"^\W*Playbook-File:\s*(\S.*?)\s*$", instructions, re.M)
    path = Path(filed.group(1)) if filed else playbooks / f"{named.group(1)}.yaml" if named else _GENERIC
    return Script(_playbook(path if path.is_file() else _GENERIC), facts_in(instructions))


@lru_cache(maxsize=64)
def script_after(instructions: str, brief: str, playbooks: Path) -> Script:
    """A system item in mid-call has named another playbook, for the same call."""
    began, now = script_from(instructions, playbooks), script_from(brief, playbooks)
    return Script(now.playbook, began.facts, began)


def facts_in(instructions: str) -> dict[str, str]:
    section = re.search(r"^#+\s*Facts\b[^\n]*\n(.*?)(?=^#|\Z)", instructions, re.M | re.S)
    pairs = re.findall(r"^\W*([A-Za-z][\w .-]*?)\s*:\s*(.+?)\s*$", section.group(1) if section else "", re.M)
    return {re.sub(r"[ .-]+", "_", key.lower()): value.strip("\"'`") for key, value in pairs}


@cache
def _playbook(path: Path) -> dict[str, Any]:
    book: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return book


def _simple(text: str) -> str:
    return re.sub(r"[^\w']+", " ", text.lower().replace("’", "'")).strip()


def _ends_in_start_of(spoken: str, line: str) -> bool:
    if line in spoken:
        return False
    longest = min(len(spoken), len(line))
    return any(spoken.endswith(line[:size]) for size in range(longest, _SHORTEST_FRAGMENT - 1, -1))
