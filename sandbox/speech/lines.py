"""What has to be rendered: playbook lines, persona lines, a vocabulary; all read as data.

Lines are cut into sentences, and at placeholders, so that "Hi {first_name}, this is Ava." becomes pieces any name fits.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from sandbox.speech.synthesis import SPANISH_VOICES
from sandbox.speech.voices import AGENTS
from sandbox.speech.words import key_of

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SPOKEN_PARTS = ("greeting", "questions", "objections", "meeting", "callback", "transfer", "closing", "recap")
_PERSONA_SAYS = {"say", "greeting", "fallback", "goodbye", "impatient"}
_UNSPOKEN_KEYS = {"id", "type", "when", "hear", "title", "minutes", "unit", "required", "equals", "below", "above"}


def wanted(playbooks: Path, personas: Path) -> dict[str, list[str]]:
    """Lines by voice, without doubles, in a stable order."""
    vocabulary = yaml.safe_load((HERE / "lines.yaml").read_text("utf-8"))
    spoken = {"en": _vocabulary(vocabulary), "es": _spanish(vocabulary["es"])}
    lines: dict[str, list[str]] = {}
    for language, voice in AGENTS.items():
        lines[voice] = _unique([*_playbooks_lines(playbooks, language, vocabulary), *spoken[language]])
    for voice, said in persona_lines(personas).items():
        callers = vocabulary["es" if voice in SPANISH_VOICES else "callers"]
        greetings = callers["callers"] if isinstance(callers, dict) else callers
        lines[voice] = _unique(part for line in [*said, *greetings] for part in _sentences(line))
    return lines


def persona_lines(path: Path) -> dict[str, list[str]]:
    """Everything the personas of a file say, by the voice that says it."""
    content = yaml.safe_load(path.read_text("utf-8"))
    lines: dict[str, list[str]] = {}
    for persona in content["personas"].values():
        shared = content["languages"][persona["language"]] if "language" in persona else content
        said = {"own": persona, "common": shared["common"], "defaults": shared["defaults"]}
        spoken = [line for key, line in _strings(said) if key in _PERSONA_SAYS and line]
        voice = persona["voice"]
        lines.setdefault(voice, []).extend(spoken)
    return lines


def _playbooks_lines(folder: Path, language: str, vocabulary: dict[str, Any]) -> Iterator[str]:
    for path in sorted(folder.glob("*.yaml")):
        playbook = yaml.safe_load(path.read_text("utf-8"))
        if playbook["language"].partition("-")[0] == language:
            yield from playbook_lines(playbook, vocabulary["brands"])


def playbook_lines(playbook: dict[str, Any], brands: list[str]) -> Iterator[str]:
    """Sentences the agent says in a playbook, cut around what is filled in during the call."""
    spoken = {part: playbook[part] for part in _SPOKEN_PARTS}
    for key, line in _strings(spoken):
        if key in _UNSPOKEN_KEYS:
            continue
        named = line.replace("{agent}", playbook["identity"]["agent"])
        for brand in brands if "{brand}" in named else [""]:
            for sentence in _sentences(named.replace("{brand}", brand)):
                yield from (part.strip(" ,;:") for part in _PLACEHOLDER.split(sentence)[::2])


def _strings(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _strings(child, str(name))
    elif isinstance(node, list):
        for child in node:
            yield from _strings(child, key)
    elif isinstance(node, str):
        yield key, node


def _vocabulary(vocabulary: dict[str, Any]) -> Iterator[str]:
    yield from (sentence for line in vocabulary["sentences"] for sentence in _sentences(line))
    yield from vocabulary["phrases"]
    for greeting in vocabulary["greetings"]:
        yield from (f"{greeting} {name}" for name in vocabulary["names"])
    yield from [*vocabulary["names"], *vocabulary["brands"], *vocabulary["weekdays"], *vocabulary["months"]]
    yield from (str(number) for number in range(60))
    yield from (_ordinal(day) for day in range(1, 32))
    times = product(("AM", "PM"), range(1, 13), ("00", "15", "30", "45"))
    yield from (f"{hour}:{minute} {half}" for half, hour, minute in times)
    yield from (f"{amount} dollars" for amount in vocabulary["amounts"])
    yield from vocabulary["words"].split()


def _spanish(vocabulary: dict[str, Any]) -> Iterator[str]:
    yield from (sentence for line in vocabulary["sentences"] for sentence in _sentences(line))
    yield from [*vocabulary["phrases"], *vocabulary["names"], *vocabulary["weekdays"]]
    for greeting in vocabulary["greetings"]:
        yield from (f"{greeting}, {name}" for name in vocabulary["names"])
    yield from (f"de {month}" for month in vocabulary["months"])
    yield from (str(number) for number in [*range(1, 32), 45])
    yield from (f"a la{'s' if hour > 1 else ''} {hour}:{minute}" for hour in range(1, 13) for minute in ("00", "30"))


def _ordinal(day: int) -> str:
    return f"{day}{'th' if day in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _sentences(line: str) -> list[str]:
    return _SENTENCE_END.split(line.strip())


def _unique(lines: Iterable[str]) -> list[str]:
    kept: dict[tuple[str, ...], str] = {}
    for line in lines:
        if (key := key_of(line)) and any(character.isalnum() for character in line):
            kept.setdefault(key, line)
    return list(kept.values())
