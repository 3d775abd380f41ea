"""Cuts text into the words a voice says: what each is looked up by, how it is written, and the pause after it.

Times, money and percentages are brought to one spelling ("2pm", "2.30 p.m." and "2:30 PM" are the same words).
"""

import re
from dataclasses import dataclass

_TIME = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*([ap])\.?m\b\.?", re.IGNORECASE)
_MONEY = re.compile(r"\$\s?(\d[\d,]*)")
_PERCENT = re.compile(r"(\d)\s?%")
_DASH = re.compile(r"\s+[-–—]+\s+|—")
_HALF_DAYS = {"AM": "a.m.", "PM": "p.m."}  # so that nobody reads the verb
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_EDGES = '.,;:!?¿¡"“”()[]…*'

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_UNITS += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True, slots=True)
class Word:
    key: str
    written: str
    pause: str  # "", "," or "."


def words_of(text: str) -> list[Word]:
    """Every word of `text`; lone punctuation only lengthens the pause before it."""
    plain = _UNSPEAKABLE.sub(" ", text).replace("’", "'").replace("‘", "'")
    plain = _TIME.sub(_one_time_spelling, plain)
    plain = _MONEY.sub(lambda found: f"{found[1].replace(',', '')} dollars", plain)
    plain = _DASH.sub(", ", _PERCENT.sub(r"\1 percent", plain))
    return [word for token in plain.split() if (word := _word(token)).key]


def key_of(text: str) -> tuple[str, ...]:
    return tuple(word.key for word in words_of(text))


def _one_time_spelling(found: re.Match[str]) -> str:
    after = found.string[found.end() :].lstrip()
    ends = found[0].endswith(".") and (not found[0][:-1].endswith(found[3] + ".m") or not after or after[0].isupper())
    end = "." if ends else ""
    return f"{int(found[1])}:{found[2] or '00'} {found[3].upper()}M{end}"


def _word(token: str) -> Word:
    ending = token.rstrip("\"”)'")[-1:]
    pause = "." if ending in {".", "!", "?", "…"} else "," if ending in {",", ";", ":"} else ""
    bare = token.strip(_EDGES).strip("'")
    return Word(_HALF_DAYS.get(bare) or bare.lower(), token.strip('"“”()[]*'), pause)


def spelled_out(key: str) -> list[str]:
    """Simpler words for one that no clip has: digits, clock times, hyphenated words; empty when there are none."""
    if clock := re.fullmatch(r"(\d{1,2}):(\d\d)", key):
        minutes = number_words(int(clock[2])) if int(clock[2]) >= 10 else ["oh", *number_words(int(clock[2]))]
        return number_words(int(clock[1])) + minutes
    digits = key.replace(",", "").lstrip("+")
    if digits.isdecimal():
        return number_words(int(digits)) if len(digits) < 5 and digits[0] != "0" else [_UNITS[int(d)] for d in digits]
    parts = [part for part in re.split(r"[-/]", key) if part]
    return parts if len(parts) > 1 else []


def numerals(key: str) -> list[str]:
    """Hour and minutes of a clock time as numbers; empty for anything else."""
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)", key)
    return [str(int(part)) for part in clock.groups()] if clock else []


def number_words(number: int) -> list[str]:
    """English words of a number under ten thousand."""
    if number < 20:
        return [_UNITS[number]]
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number_words(number % size) if number % size else []
            return [*number_words(number // size), name, *rest]
    return [_TENS[number // 10 - 2], *([_UNITS[number % 10]] if number % 10 else [])]
