"""Payment card numbers in what is said, keyed or written: found, and taken out. English and Spanish. Pure.

Digits count whether they come as figures or as words ("four one double one"). Twelve in a row, or thirteen and more that pass
the Luhn check, are a card's; a number that begins with a plus is a telephone's unless it passes. After "my card number is"
three digits are enough.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MASK = "[card number removed]"
UNDER_WAY = 12
SHORTEST, LONGEST = 13, 19
AFTER_CUE = 3
_CUE = re.compile(
    r"\b(?:(?:credit|debit|bank|my|the) card number|card number(?:'s| is)|my (?:credit|debit|bank) card (?:is|number|ends)"
    r"|cvv|cvc|security code|n[uú]mero de (?:la |mi |su )?tarjeta|mi tarjeta es|c[oó]digo de seguridad)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_UNITS = (
    "zero oh o cero",
    "one uno una",
    "two dos",
    "three tres",
    "four cuatro",
    "five cinco",
    "six seis",
    "seven siete",
    "eight ocho",
    "nine nueve",
    "ten diez",
    "eleven once",
    "twelve doce",
    "thirteen trece",
    "fourteen catorce",
    "fifteen quince",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS_NAMED = (
    "twenty veinte",
    "thirty treinta",
    "forty cuarenta",
    "fifty cincuenta",
    "sixty sesenta",
    "seventy setenta",
    "eighty ochenta",
    "ninety noventa",
)
_SAID = {word: str(value) for value, words in enumerate(_UNITS) for word in words.split()}
_TENS = {word: str(value) for value, words in enumerate(_TENS_NAMED, 2) for word in words.split()}
_TIMES = {"double": 2, "triple": 3, "doble": 2}
_FILLERS = frozenset(["uh", "um", "er", "then", "dash", "space", "hyphen", "guion", "eh", "luego"])


@dataclass(frozen=True, slots=True)
class Run:
    """Digits said in a row, and where in the text."""

    start: int
    end: int
    digits: str
    plus: bool = False

    @property
    def is_card(self) -> bool:
        return is_card(self.digits) or (len(self.digits) >= UNDER_WAY and not self.plus)


def is_card(digits: str) -> bool:
    """Whether this many digits pass the check that card numbers carry (ISO/IEC 7812, Luhn)."""
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0 and len(set(digits)) > 1


def has_cue(text: str) -> bool:
    """Whether somebody announces a card's number."""
    return bool(_CUE.search(text))


def runs(text: str) -> Iterator[Run]:
    """The digits of a text, as far as nothing else comes between them."""
    start = end = 0
    digits, tens, times = "", "", 1
    for token in _TOKEN.finditer(text):
        word = token[0].lower()
        if word in _FILLERS and digits:
            continue
        said = word if word.isdecimal() else _SAID.get(word, "")
        if tens and said and len(said) == 1 and said != "0":
            digits, tens = digits[:-1] + said, ""  # "forty one"
            end = token.end()
            continue
        tens = _TENS.get(word, "")
        said = said or (tens + "0" if tens else "")
        if not said and word in _TIMES:
            start = start if digits else token.start()
            times = _TIMES[word]
            continue
        if said:
            start = start if digits or times > 1 else token.start()
            digits, end, times = digits + said * times, token.end(), 1
            continue
        times = 1
        if digits:
            yield Run(start, end, digits, _plus(text, start))
            digits = ""
    if digits:
        yield Run(start, end, digits, _plus(text, start))


def words_beside(text: str) -> int:
    """How much is said besides the digits."""
    return len(_TOKEN.findall(without_digits(text).replace(MASK, "")))


def _plus(text: str, start: int) -> bool:
    before = text[:start].rstrip()[-4:].lower()
    return before.endswith(("+", "plus", "más"))


def masked(text: str, *, announced: bool = False) -> str:
    """The text without card numbers. `announced`: a card's digits are being read out, so fewer will do."""
    out, at = "", 0
    cue = _CUE.search(text)
    for run in runs(text):
        cued = announced or (cue is not None and cue.end() <= run.start)
        if run.is_card or (cued and len(run.digits) >= AFTER_CUE):
            out += text[at : run.start] + MASK
            at = run.end
    return out + text[at:]


def without_digits(text: str, kept: int = 0) -> str:
    """Every run of digits taken out, but for the first `kept` digits of the text."""
    out, at = "", 0
    for run in runs(text):
        if len(run.digits) <= kept:
            kept -= len(run.digits)
            continue
        shown, kept = run.digits[:kept], 0
        out += text[at : run.start] + shown + MASK
        at = run.end
    return out + text[at:]


def masked_json(text: str) -> str:
    """A tool's arguments without card numbers; ids of ours hold no numbers that pass the check."""
    try:
        return json.dumps(_masked_value(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return masked(text)


def _masked_value(value: Any) -> Any:
    match value:
        case dict():
            return {key: _masked_value(inner) for key, inner in value.items()}
        case list():
            return [_masked_value(inner) for inner in value]
        case str():
            return masked(value) if any(is_card(run.digits) for run in runs(value)) else value
        case int() if not isinstance(value, bool) and is_card(str(value)):
            return MASK
        case _:
            return value
