"""Personas: who answers which number, in what way, with which lines, and how such a lead must end (`personas.yaml`).

The last two digits of the number decide, for some countries by endings of their own; any other number books.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

FILE = Path(__file__).parent / "personas.yaml"

Answer = Literal["human", "voicemail", "busy", "no_answer", "failed", "screening", "silence", "menu"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When one of `hear` is in what the agent said: say something, press a key, or go away."""

    hear: tuple[str, ...]
    say: str = ""
    times: int = 1000
    delay_ms: int = 0
    press: str = ""
    then: Literal["", "hang_up"] = ""
    cut_ms: int = 0


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Talks into the agent's nth utterance, `after_ms` after its first sound."""

    turn: int
    after_ms: int
    say: str
    listens: bool = False
    """Only a sign of listening: the agent's turn is still answered."""


@dataclass(frozen=True, slots=True)
class Persona:
    name: str
    title: str
    voice: str
    greeting: str
    impatient: str
    goodbye: str
    fallback: tuple[str, ...]
    rules: tuple[Rule, ...]
    common: tuple[Rule, ...]
    interrupts: tuple[Interrupt, ...] = ()
    answers: tuple[Answer, ...] = ("human",)
    language: str = "en"
    ring_s: float = 2.0
    sip: int | None = None
    amd: str = ""
    patience_s: float = 15.0
    nudge_s: float = 6.0
    expects: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        return self.answers[0]

    def answer_to(self, call: int) -> Answer:
        """How the nth call (from 1) to this number is answered; the last way stays."""
        return self.answers[min(call, len(self.answers)) - 1]

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything this persona can say."""
        said = [self.greeting, self.impatient, self.goodbye, *self.fallback]
        said += [rule.say for rule in (*self.rules, *self.common)] + [one.say for one in self.interrupts]
        return tuple(dict.fromkeys(line for line in said if line))


@dataclass(frozen=True, slots=True)
class Cast:
    """All personas of a file, with the endings they answer to: a country code's own before everyone's."""

    personas: Mapping[str, Persona]
    by_ending: Mapping[tuple[str, str], Persona]
    default: Persona

    def persona_for(self, number: str) -> Persona:
        digits = "".join(character for character in number if character.isdigit())
        country = next((code for code, _ in self.by_ending if code and digits.startswith(code)), "")
        ending = digits[-2:]
        return self.by_ending.get((country, ending)) or self.by_ending.get(("", ending)) or self.default


@cache
def cast(path: Path = FILE) -> Cast:
    """The personas of a file."""
    content = yaml.safe_load(path.read_text("utf-8"))
    personas: dict[str, Persona] = {}
    by_ending: dict[tuple[str, str], Persona] = {}
    for name, given in content["personas"].items():
        shared = content["languages"][given["language"]] if "language" in given else content
        common = tuple(_rule(rule) for rule in shared["common"])
        merged = {"title": name.replace("_", " "), **content["defaults"], **shared["defaults"], **given}
        endings = {"": merged.pop("endings", []), **merged.pop("endings_by_country", {})}
        personas[name] = _persona(name, merged, common)
        by_ending |= {(country, ending): personas[name] for country, some in endings.items() for ending in some}
    return Cast(personas, by_ending, personas[content["default"]])


def persona_for(number: str) -> Persona:
    """Who answers this number (E.164 or any spelling with its digits)."""
    return cast().persona_for(number)


def _persona(name: str, given: dict[str, Any], common: tuple[Rule, ...]) -> Persona:
    answers = tuple(given.pop("answers", ["human"]))
    if unknown := set(answers) - set(get_args(Answer)):
        raise ValueError(f"{name}: nobody answers a call by {sorted(unknown)}")
    return Persona(
        name=name,
        answers=answers,
        fallback=tuple(given.pop("fallback")),
        rules=tuple(_rule(rule) for rule in given.pop("rules", [])),
        interrupts=tuple(Interrupt(**one) for one in given.pop("interrupts", [])),
        common=common,
        **given,
    )


def _rule(given: dict[str, Any]) -> Rule:
    return Rule(**{**given, "hear": tuple(given["hear"])})
