"""The Spanish of `when`: "mañana después de las cuatro", "el lunes por la mañana", "en dos horas", "a las tres y media".

An hour needs a sign that it is one ("las", "y media", "de la tarde"), unless it is all that was said. Without a part of the day,
one to seven are in the afternoon and eight to eleven in the morning. "En ocho días" means a week to some: no time at all.
"""

import re
from datetime import date, datetime, time, timedelta

from qualify.numbers import spanish_under
from qualify.phrases import folded
from qualify.spoken import ES_DAYS, ES_MONTHS

_NUMBERS = spanish_under(60)
_NUMBER = "(" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r"|\d{1,2})"
_DAYS = {folded(name): number for number, name in enumerate(ES_DAYS)}
_MONTHS = {name: number for number, name in enumerate(ES_MONTHS, 1)} | {"setiembre": 9}
_GRAMMAR = (
    "a la las el los en por de del que hoy manana pasado dentro mas tarde luego rato media medio hora horas minutos dia dias "
    "semana semanas proximo proxima viene despues partir noche mediodia cuarto menos y temprano primera esta este entre antes"
)
WORDS = frozenset({*_GRAMMAR.split(), *_DAYS, *_MONTHS, *_NUMBERS} - {"once"})
"""What tells Spanish from English in a phrase that names a time."""
_MORNING, _AFTERNOON, _NIGHT = "ante meridiem", "post meridiem", "de noche"
_PARTS = (
    (r"\besta manana\b|\b(?:por|en|de|a) la manana\b|\bla manana(?= del?\b)|\ba media manana\b|\bam\b", _MORNING),
    (
        r"\b(?:por|en|de|a) la tarde\b|\bla tarde(?= del?\b)|\besta tarde\b|\ba media tarde\b|\bpm\b|\bdel? mediodia\b|\bdel dia\b",
        _AFTERNOON,
    ),
    (r"\b(?:por|en|de|a) la noche\b|\besta noche\b|\bla noche(?= del?\b)", _NIGHT),
)
_USUAL = {_MORNING: time(10), _AFTERNOON: time(15), _NIGHT: time(19)}
_FIXED = (
    (r"\bdespues (?:del trabajo|de trabajar)\b|\b(?:al salir|cuando salga) del trabajo\b", time(18)),
    (r"\bdespues de (?:comer|almorzar|la comida|l? ?almuerzo)\b|\bdespues del almuerzo\b", time(15)),
    (r"\b(?:al?|el) mediodia\b|\bmediodia\b", time(12)),
    (r"\ba primera hora\b|\btemprano\b", time(9)),
    (r"\bal final del dia\b", time(17)),
)
_SPAN = re.compile(
    rf"\b(?:en|dentro de)\s+(?:unos\s+|unas\s+|aproximadamente\s+|como\s+|cosa de\s+)?(un par de|unos|unas|{_NUMBER})"
    r"\s+(minutos?|horas?|dias?|semanas?)(\s+y\s+media)?\b"
)
_SHORT = (
    (r"un rat(?:o|ito)", 60),
    (r"media hora", 30),
    (r"(?:una )?hora y media", 90),
    (r"un cuarto de hora", 15),
    (r"tres cuartos de hora", 45),
)
_MINUTE = rf"(?:\s+y\s+(media|cuarto|{_NUMBER})|\s+menos\s+(cuarto|{_NUMBER})|[:.](\d\d)|\s+({'|'.join(_NUMBERS)}))?"
_CLOCK = re.compile(rf"\b(?:(?:un\s+)?(cuarto|{_NUMBER})\s+para\s+)?(las?\s+)?(?<![:.\d]){_NUMBER}{_MINUTE}(?![\w:])")
_DATE = re.compile(
    rf"\b(?:el\s+)?(?:dia\s+)?(primero|{_NUMBER})\s+de\s+({'|'.join(_MONTHS)})\b|\bel\s+(?:dia\s+)?(primero|{_NUMBER})\b(?!\s+(?:{'|'.join(_DAYS)}))"
)
_DOUBT = re.compile(
    r"\bno\b|\bexcepto\b|\bmenos el\b|\bantes de\b|\bentre las?\b|\bo\b(?!\s+(?:asi|algo))|\bu\b"
    r"|\bfin de semana\b|\bmes que viene\b|\bmedianoche\b"
)
_NEXT_WEEK = r"\b(?:de\s+)?(?:la\s+)?(?:proxima\s+semana|semana\s+(?:que\s+viene|proxima|entrante))\b"


def span(said: str) -> tuple[timedelta, bool] | None:
    """How long from now, and whether that is counted on the calendar ("en dos días") rather than by the clock."""
    text = folded(said)
    for words, minutes in _SHORT:
        if re.search(rf"\b(?:en|dentro de) (?:como )?{words}\b", text):
            return timedelta(minutes=minutes), False
    found = _SPAN.search(text)
    if found is None:
        return None
    amount = {"un par de": 2, "unos": 3, "unas": 3}.get(found[1]) or _value(found[2])
    unit = found[3]
    if unit.startswith(("minuto", "hora")):
        half = 30 if found[4] and unit.startswith("hora") else 0
        return timedelta(minutes=amount * (60 if unit.startswith("hora") else 1) + half), False
    return timedelta(days=amount * (7 if unit.startswith("semana") else 1)), True


def later(said: str) -> bool:
    return bool(re.search(r"\bmas tarde\b|\bluego\b|\bun rato\b|\bal rato\b", folded(said)))


def doubtful(said: str) -> bool:
    """A day or an hour that is ruled out, only bounded, or one of two; and idioms that count days their own way."""
    text = folded(said)
    two_days = len({day for day in _DAYS if re.search(rf"\b{day}\b", text)}) > 1
    return (
        two_days
        or bool(_DOUBT.search(text))
        or bool(re.search(r"\b(?:en|dentro de) (?:ocho|quince|8|15) dias\b", text))
    )


def weekday(said: str) -> int | None:
    return next((number for name, number in _DAYS.items() if re.search(rf"\b{name}\b", folded(said))), None)


def day(said: str, local: datetime) -> tuple[date | None, str]:
    """The day named, and the phrase without it."""
    today, text = local.date(), _parts(_clean(said))
    for words, days in (("pasado manana", 2), ("manana", 1), ("hoy", 0)):
        if re.search(rf"\b{words}\b", text):
            return today + timedelta(days=days), re.sub(rf"\b{words}\b", " ", text)
    if found := _DATE.search(text):
        return _calendar_day(found, today), text[: found.start()] + " " + text[found.end() :]
    next_week = re.search(_NEXT_WEEK, text)
    monday = today + timedelta(days=7 - today.weekday())
    for name, number in _DAYS.items():
        if found := re.search(rf"\b(?:proximo\s+)?{name}(?:\s+(?:proximo|que viene))?\b", text):
            ahead = today + timedelta(days=(number - today.weekday()) % 7 or 7)
            rest = text[: found.start()] + " " + text[found.end() :]
            return (monday + timedelta(days=number) if next_week else ahead), re.sub(_NEXT_WEEK, " ", rest)
    if next_week:
        return monday, re.sub(_NEXT_WEEK, " ", text)
    return (today, text) if re.search(r"\besta (?:manana|tarde|noche)\b", folded(said)) else (None, text)


def clock(said: str) -> time | None:
    part = next((part for part in _USUAL if part in said), "")
    rest = said.replace(part, " ") if part else said
    fixed = next((at for words, at in _FIXED if re.search(words, rest)), None)
    for found in _CLOCK.finditer(rest):
        if found[3] or found[1] or part or any(found.groups()[4:]) or rest.strip() == found[0].strip():
            return _on_clock(found, part)
    return fixed or (_USUAL[part] if part else None)


def _on_clock(found: re.Match[str], part: str) -> time | None:
    hour, minute = _value(found[4]), 0
    if before := found[1] or found[7]:
        minute = -15 if before == "cuarto" else -_value(before)
    elif after := found[5]:
        minute = {"media": 30, "cuarto": 15}.get(after) or _value(after)
    elif after := found[9] or found[10]:
        minute = _value(after)
    if hour == 12 and part == _NIGHT:
        return None
    if hour <= 12:
        late = part in (_AFTERNOON, _NIGHT)
        hour = hour % 12 + 12 if late else hour % 12 if part == _MORNING else hour + 12 if 1 <= hour <= 7 else hour
    total = hour * 60 + minute
    return time(total // 60, total % 60) if 0 <= total < 24 * 60 and abs(minute) < 60 else None


def _clean(said: str) -> str:
    """Folded, but with the signs of a clock time."""
    return re.sub(
        r"\s+",
        " ",
        " ".join(
            folded(word) if ":" not in word and not re.fullmatch(r"\d+\.\d\d", word) else word for word in said.split()
        ),
    )


def _parts(text: str) -> str:
    """Parts of the day as words of their own, so that the "mañana" that is left means tomorrow."""
    for pattern, part in _PARTS:
        text = re.sub(pattern, f" {part} ", text)
    return text


def _calendar_day(found: re.Match[str], today: date) -> date | None:
    number = 1 if "primero" in (found[1], found[4]) else _value(found[2] or found[5])
    month = _MONTHS.get(found[3] or "")
    for ahead in range(13):
        year, index = divmod(today.month - 1 + ahead, 12)
        if month not in (None, index + 1):
            continue
        try:
            candidate = date(today.year + year, index + 1, number)
        except ValueError:
            continue
        if candidate >= today:
            return candidate
    return None


def _value(word: str) -> int:
    return _NUMBERS[word] if word in _NUMBERS else int(word)
