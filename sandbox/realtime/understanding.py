"""What a scripted ear makes of recognised words: yes or no, numbers, choices, slots, and the wishes that override a
script.

Tables and substring rules, nothing learned. Every function takes the words as heard and answers None when they say
nothing.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml


class Wish(Enum):
    """What a caller may want at any moment, strongest first."""

    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    VOICEMAIL = "voicemail"
    SCREENING = "screening"
    ROBOT = "robot"
    HUMAN = "human"
    DECLINE = "decline"
    HOLD = "hold"


PHRASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text("utf-8"))
_WISHES: dict[Wish, list[str]] = {Wish(name): phrases for name, phrases in PHRASES["wishes"].items()}
_ORDINALS = (
    ("first", 0),
    ("1st", 0),
    ("earlier", 0),
    ("second", 1),
    ("2nd", 1),
    ("latter", 1),
    ("later one", 1),
    ("third", 2),
    ("primero", 0),
    ("primera", 0),
    ("segundo", 1),
    ("segunda", 1),
    ("tercero", 2),
    ("tercera", 2),
)
_WEEKDAYS = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"),
)

_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 20 + 10 * at
    for at, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
}
_SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho "
    "diecinueve veinte"
)
_UNITS |= {word: value for value, word in enumerate(_SPANISH.split())}
_TENS |= {
    word: 30 + 10 * at
    for at, word in enumerate(["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"])
}
_HUNDREDS = {"cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500}


def plain(words: str) -> str:
    """Lower case, straight apostrophes, single spaces, no accents, no other signs."""
    letters = unicodedata.normalize("NFD", words.lower().replace("’", "'").replace("-", " "))
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9':.]+", " ", text).replace(". ", " ").rstrip(".").split())


def wish_of(words: str) -> Wish | None:
    text = plain(words)
    return next((wish for wish, phrases in _WISHES.items() if _place(text, phrases) is not None), None)


def yes_or_no(words: str) -> bool | None:
    """Whichever comes first: `yes, no problem` is a yes, `no, that's right` a no. Not knowing is no answer."""
    text = plain(words)
    if _place(text, PHRASES["unsure"]) is not None:
        return None
    yes, no = _place(text, PHRASES["agreeing"]), _place(text, PHRASES["refusing"])
    if yes is None and no is None:
        return None
    if yes is None or no is None:
        return no is None
    return yes <= no


def number_in(words: str) -> int | None:
    """`about two hundred dollars`, `a hundred and fifty`, `one eighty`, `$180`; the first number of the sentence."""
    text = plain(words.replace(",", ""))
    digits = re.search(r"\d+", text)
    if digits:
        return int(digits.group())
    total, current, seen = 0, 0, False
    for word in text.split():
        if word in _UNITS:
            current, seen = current + _UNITS[word], True
        elif word in _TENS:
            spoken_hundred = 0 < current < 10  # "one eighty"
            current, seen = (current * 100 if spoken_hundred else current) + _TENS[word], True
        elif word in _HUNDREDS:
            current, seen = current + _HUNDREDS[word], True
        elif word == "hundred":
            current, seen = max(current, 1) * 100, True
        elif word in ("thousand", "mil"):
            total, current, seen = total + max(current, 1) * 1000, 0, True
        elif seen and word not in ("and", "y"):
            break
    return total + current if seen else None


def address_in(words: str) -> str | None:
    """`it's mia dot b at example dot com`: the address as it was said."""
    found = re.search(
        r"\b(\w+(?: (?:dot|dash|underscore) \w+)*) at (\w+(?: (?:dot|dash) \w+)*? dot \w+)\b", plain(words)
    )
    return found.group() if found else None


def choice_in(words: str, choices: Sequence[str]) -> str | None:
    """The choice said in full, else the one that shares most words of its own with what was said."""
    text = plain(words)
    full = [choice for choice in choices if _place(text, (plain(choice),)) is not None]
    if full:
        return max(full, key=len)
    said = set(text.split())
    scores = [(len(said & _own_words(choice, choices)), choice) for choice in choices]
    best = max(scores, key=lambda score: score[0], default=(0, ""))
    return best[1] if best[0] and [score for score, _ in scores].count(best[0]) == 1 else None


def slot_in(words: str, offered: Sequence[str]) -> int | None:
    """Which of the offered times (as they were said) the caller means."""
    text = plain(words)
    for word, place in _ORDINALS:
        if _place(text, (word,)) is not None and place < len(offered):
            return place
    if _place(text, ("last", "ultimo", "ultima")) is not None:
        return len(offered) - 1
    for hints in (_day_hints(text), _time_hints(text), _half_day_hints(text)):
        fitting = [at for at, slot in enumerate(offered) if hints and any(hint in plain(slot) for hint in hints)]
        if len(fitting) == 1:
            return fitting[0]
    if _place(text, PHRASES["either"]) is not None or (len(offered) == 1 and yes_or_no(words)):
        return 0
    return None


def wants_other_times(words: str) -> bool:
    return _place(plain(words), PHRASES["none_of_them"]) is not None


def half_day_in(words: str) -> str | None:
    said = {"morning": ("morning", "la manana"), "afternoon": ("afternoon", "la tarde")}
    return next((half for half, names in said.items() if any(name in plain(words) for name in names)), None)


def is_goodbye(words: str) -> bool:
    return _place(plain(words), PHRASES["bye"]) is not None


def is_hello(words: str) -> bool:
    return _place(plain(words), PHRASES["hello"]) is not None


def wants_repeat(words: str) -> bool:
    return _place(plain(words), PHRASES["repeat"]) is not None


def has(words: str, phrases: Sequence[str]) -> bool:
    return _place(plain(words), [plain(phrase) for phrase in phrases]) is not None


def _place(text: str, phrases: Sequence[str]) -> int | None:
    """Where the first of the phrases stands, as whole words."""
    places = [
        found.start() for phrase in phrases if (found := re.search(rf"(?<![\w']){re.escape(phrase)}(?![\w'])", text))
    ]
    return min(places, default=None)


def _own_words(choice: str, choices: Sequence[str]) -> set[str]:
    others = {word for other in choices if other != choice for word in plain(other).split()}
    return set(plain(choice).split()) - others - {"a", "the", "that", "as", "just"}


def _day_hints(text: str) -> list[str]:
    dates = re.findall(r"\b\d{1,2}(?:st|nd|rd|th)\b", text)
    return [day for day in _WEEKDAYS if day in text] + dates


def _time_hints(text: str) -> list[str]:
    clock = re.findall(r"\b(\d{1,2})(?::\d\d)?\b(?! ?(?:st|nd|rd|th))", text)
    spoken = [str(_UNITS[word]) for word in text.split() if word in _UNITS and 1 <= _UNITS[word] <= 12]
    return [f" {hour}:" for hour in (*clock, *spoken)]


def _half_day_hints(text: str) -> list[str]:
    hints = {"morning": [" am", " a.m", "de la manana"], "afternoon": [" pm", " p.m", "de la tarde"]}
    half = half_day_in(text)
    return hints[half] if half else []
