"""Numbers in words, English and Spanish: "a hundred and fifty", "one eighty", "ciento veinte", "dos mil quinientos"."""

from qualify.phrases import folded

_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ES = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho "
    "diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
)
_ES_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_ES_HUNDREDS = "cien doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"

ENGLISH = {word: n for n, word in enumerate(_EN.split())} | {
    word: n for n, word in zip(range(20, 100, 10), _EN_TENS.split(), strict=True)
}
SPANISH = {word: n for n, word in enumerate(_ES.split())} | {"un": 1, "una": 1, "veintiun": 21, "veintiuna": 21}
SPANISH |= {word: n for n, word in zip(range(30, 100, 10), _ES_TENS.split(), strict=True)}
_HUNDREDS = {word: n for n, word in zip(range(100, 1000, 100), _ES_HUNDREDS.split(), strict=True)} | {"ciento": 100}
_HUNDREDS |= {word.replace("cientos", "cientas"): n for word, n in _HUNDREDS.items()} | {"quinientas": 500}


def in_words(text: str) -> int | None:
    """The first number of the text that is written out; None when there is none."""
    words = folded(text).split()
    found = _english(words)
    return _spanish(words) if found is None else found


def _english(words: list[str]) -> int | None:
    total, current, seen = 0, 0, False
    for word in words:
        if word in ENGLISH:
            value = ENGLISH[word]
            current = current * 100 + value if 0 < current < 10 and value >= 10 else current + value  # "one eighty"
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif seen and word != "and":
            break
        else:
            continue
        seen = True
    return total + current if seen else None


def _spanish(words: list[str]) -> int | None:
    """An article alone ("una casa") is no number."""
    total, current, seen = 0, 0, False
    for at, word in enumerate(words):
        value = SPANISH.get(word, _HUNDREDS.get(word))
        if value is not None and (seen or word not in ("un", "una") or words[at + 1 : at + 2] == ["mil"]):
            current += value
        elif word == "mil":
            total, current = total + max(current, 1) * 1000, 0
        elif seen and word != "y":
            break
        else:
            continue
        seen = True
    return total + current if seen else None


def spanish_under(limit: int) -> dict[str, int]:
    """Every number below the limit (at most 60) as it is said: "uno", "treinta y cinco"."""
    tens = {word: n for word, n in SPANISH.items() if n >= 30}
    units = {word: n for word, n in SPANISH.items() if 1 <= n <= 9}
    said = SPANISH | {f"{ten} y {unit}": n + m for ten, n in tens.items() for unit, m in units.items()}
    return {word: n for word, n in said.items() if n < limit}
