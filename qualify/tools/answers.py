"""An answer as its question's type, how it is read back, and whether it puts the person out. Pure; a model's form is no matter."""

import re
from typing import Any

from qualify.facts import VALUE_LENGTH, clean
from qualify.numbers import in_words
from qualify.phrases import folded, plain
from qualify.phrases_es import NO as NO_ES
from qualify.phrases_es import YES as YES_ES
from qualify.phrases_es import without_idioms
from qualify.playbook import Question
from qualify.spelled import say_email, say_name, say_phone
from qualify.tools import entities

YES = frozenset(
    ["true", "yes", "y", "yeah", "yep", "yup", "sure", "correct", "right", "definitely", "absolutely", "1", *YES_ES]
)
NO = frozenset(["false", "no", "n", "nope", "nah", "not", "never", "rent", "0", *NO_ES])
THOUSANDS = re.compile(r"(?<![\d.])(\d{1,3})((?:\.\d{3})+)(?![\d.])")
NUMBER = re.compile(r"-?\d+(?:[ ,]\d{3})*(?:\.\d+)?")


def understood(question: Question, value: str, home: str = "") -> Any:
    """The answer as the question's type: "yes"/"no", a number, a choice as written in the playbook, or clean text.

    `home`: the ISO country phone numbers are read in.
    """
    text = clean(value, VALUE_LENGTH)
    match question.type:
        case "yes_no":
            return _yes_no(without_idioms(folded(text)).split())
        case "number":
            return _number(text)
        case "choice":
            return _choice(question.choices, plain(text))
        case "email":
            return entities.email(text)
        case "phone":
            return entities.phone(text, home)
        case "name":
            return entities.name(text)
        case "text":
            return text or None


def spelled(question: Question, value: str, language: str, home: str) -> str:
    """The value as it is read back."""
    match question.type:
        case "email":
            return say_email(value, language)
        case "phone":
            return say_phone(value, home)
        case _:
            return say_name(value)


def disqualifies(question: Question, value: Any) -> bool:
    rule = question.disqualify
    if rule is None:
        return False
    if isinstance(rule.equals, bool):
        return bool(value == ("yes" if rule.equals else "no"))
    if rule.equals is not None:
        return plain(str(value)) == plain(str(rule.equals))
    if not isinstance(value, int | float):
        return False
    return value < rule.below if rule.below is not None else rule.above is not None and value > rule.above


def _yes_no(words: list[str]) -> str | None:
    first = next((word for word in words if word in YES or word in NO or word in ("don't", "dont")), None)
    if first is None:
        return None
    return "yes" if first in YES else "no"


def _number(text: str) -> int | float | None:
    found = NUMBER.search(THOUSANDS.sub(lambda dotted: dotted[0].replace(".", ""), text))
    if found is None:
        return in_words(text)
    value = float(found[0].replace(",", "").replace(" ", ""))
    return int(value) if value.is_integer() else value


def _choice(choices: tuple[str, ...], said: str) -> str | None:
    exact = [choice for choice in choices if plain(choice) == said]
    inside = exact or [choice for choice in choices if said and (plain(choice) in said or said in plain(choice))]
    if inside:
        return max(inside, key=lambda choice: len(choice) if plain(choice) in said else 0)
    scores = {choice: len(set(plain(choice).split()) & set(said.split())) for choice in choices}
    best = max(scores, key=lambda choice: scores[choice])
    return best if scores[best] else None
