"""Words as they compare: number words as digits, e-mail signs as themselves, no accents, in English and Spanish.

"Tuesday the twenty-fourth at 10" and "martes 24 a las diez" are read the same way whether the words or the digits were written.
"""

import re
import unicodedata

from num2words import num2words

SIGNS = {
    "at": "@",
    "arroba": "@",
    "dot": ".",
    "period": ".",
    "punto": ".",
    "underscore": "_",
    "guion bajo": "_",
    "plus": "+",
    "mas": "+",
    "dash": "",
    "hyphen": "",
    "guion": "",
}
"""A hyphen also separates what is spelled, so it tells nothing."""
_SIGNS = re.compile(r"\b(" + "|".join(sorted(SIGNS, key=len, reverse=True)) + r")\b")
_HALF_DAY = re.compile(r"\b([ap])\.\s*m\b\.?")
_DOTTED = re.compile(r"(?<=\w)\.(?=\w)")
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th)\b")
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?|[@._+]")


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")


def _number_words() -> dict[str, int]:
    words = {"oh": 0, "una": 1, "un": 1}
    for number in range(60):
        for language in ("en", "es"):
            words[_folded(num2words(number, lang=language))] = number
        if number:
            words[num2words(number, to="ordinal", lang="en")] = number
    return {word: number for word, number in words.items() if " " not in word and "-" not in word}


NUMBERS = _number_words()


def tokens(text: str, *, digits: bool = True) -> list[str]:
    """Lower case, unaccented; "24th", "twenty-fourth" → "24"; "a@b.c", "a at b dot c" → "a", "@", "b", ".", "c".

    Without `digits`, number words stay words and "2nd" stays itself: "o-n-e at x" is no "1@x".
    """
    said = _HALF_DAY.sub(r"\1m", _folded(text.replace("’", "'")))
    said = _DOTTED.sub(" dot ", said).replace("@", " at ").replace("_", " underscore ").replace("+", " plus ")
    said = re.sub(r"[.\-–—]", " ", said)
    said = _SIGNS.sub(lambda found: f" {SIGNS[found[1]]} ", " ".join(said.split()))
    return _as_digits(_TOKEN.findall(_ORDINAL.sub(r"\1", said))) if digits else _TOKEN.findall(said)


def _as_digits(words: list[str]) -> list[str]:
    """Number words as digits: "twenty", "four" → "24"."""
    out: list[str] = []
    tens = False
    for word in words:
        number = NUMBERS.get(word)
        if number is None:
            out.append(word)
        elif tens and 0 < number < 10:
            out[-1] = str(int(out[-1]) + number)
        else:
            out.append(str(number))
        tens = number in (20, 30, 40, 50)
    return out


def weight(words: list[str]) -> float:
    """About how long these take to say: a letter or a digit that is spelled takes as long as a short word."""
    return float(sum(3 if len(word) == 1 else 6 if word.isdecimal() else len(word) + 1 for word in words)) or 1.0
