"""The English of `when`: spans, days and hours as people name them.

Hours without am or pm are read as people mean them on the phone: one to seven in the afternoon, eight to eleven in the morning.
"""

import re
from datetime import date, datetime, time, timedelta

from qualify.phrases import plain
from qualify.spoken import EN_DAYS, EN_MONTHS

_UNITS = (
    "zero one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
_NUMBERS |= {"twenty": 20, "thirty": 30, "forty": 40, "forty five": 45, "fifty": 50, "sixty": 60, "ninety": 90}
_NUMBERS |= {"a": 1, "an": 1, "a couple of": 2, "a couple": 2, "couple of": 2, "couple": 2, "a few": 3}
_NUMBER = "(" + "|".join(sorted((re.escape(word) for word in _NUMBERS), key=len, reverse=True)) + r"|\d{1,3}(?:\.5)?)"
_UNIT = r"(minutes?|mins?|hours?|hrs?|days?|weeks?)"
_AMOUNT = rf"(?:about\s+|around\s+)?{_NUMBER}\s*(and a half\s+)?{_UNIT}(\s+and a half)?"
_SPANS = (
    re.compile(rf"\b(?:in|give me|give it|within)\s+(?:another\s+)?{_AMOUNT}\b"),
    re.compile(rf"\b{_AMOUNT}\s+from (?:now|today)\b"),
)
_SHORT = (
    (r"\b(?:in|give me) (?:about )?(?:half an|a half) hour\b|\bhalf an hour from now\b", 30),
    (r"\b(?:in|give me) (?:about )?(?:a )?quarter of an hour\b", 15),
    (r"\b(?:in|give me) (?:about )?three quarters of an hour\b", 45),
    (r"\bin a (?:little )?(?:bit|while)\b|\bshortly\b", 60),
)
_HOUR_WORDS = "(" + "|".join(_UNITS.split()[1:13]) + r"|\d{1,2})"
_CLOCK = re.compile(
    rf"\b(?:(half past|half|quarter past|quarter to)\s+)?{_HOUR_WORDS}(?:[:.]?\s*(\d{{2}}|thirty|fifteen|forty five|o'?clock))?\s*"
    r"(am|pm|a\s*m|p\s*m|in the morning|in the afternoon|in the evening|at night)?(?!\w)"
)
_PARTS = {
    "first thing": time(9),
    "end of (?:the )?day": time(17),
    "after (?:work|hours)": time(17, 30),
    "after lunch": time(14),
    "late morning": time(11),
    "early afternoon": time(13),
    "late afternoon": time(16, 30),
    "early evening": time(17, 30),
    "morning": time(10),
    "lunchtime": time(12, 30),
    "lunch": time(12, 30),
    "noon": time(12),
    "midday": time(12),
    "afternoon": time(15),
    "evening": time(18),
    "tonight": time(18),
}
_MINUTES = {"thirty": 30, "fifteen": 15, "forty five": 45}
_MONTHS = {name.lower(): number for number, name in enumerate(EN_MONTHS, 1)} | {
    name[:3].lower(): number for number, name in enumerate(EN_MONTHS, 1)
}
_DATE = re.compile(
    r"\b(?:("
    + "|".join(_MONTHS)
    + r")\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?|(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?("
    + "|".join(_MONTHS)
    + r")|the\s+(\d{1,2})(?:st|nd|rd|th))\b"
)
_DOUBT = re.compile(
    r"\b(?:not(?! before)|can't|cannot|except|midnight|weekend|between)\b|\bor\s+(?!so\b|later\b|after\b|thereabouts\b)"
    r"|(?<!not )\bbefore\b|\blater this week\b|\bnext (?:month|year)\b|\bend of the (?:week|month|year)\b"
)
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS.split(), 1)}
_ORDINALS |= {f"twenty {word}": 20 + number for word, number in list(_ORDINALS.items())[:9]}
_ORDINALS |= {"thirtieth": 30, "thirty first": 31}
_ORDINAL = re.compile(rf"(?<=[a-z] )({'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b(?! thing)")
_SIGNED = re.compile(r"\b(?:at|after|around|about|by|from|past|till|until|before)\s+$")
_BESIDE = (
    "at after around about by from past on the of in this next ok okay yes yeah maybe say so well please then how what let's lets "
    "do make it call me you can could would i i'd i'm be is that works work good better fine try again back any anytime time some "
    "sometime early late later for not before or week a and just"
)
_AROUND = frozenset(_BESIDE.split())
"""Words beside which a bare number is still an hour: "how about four", but not "I have two kids"."""
_GRAMMAR = (
    "at in the tomorrow today tonight morning afternoon evening noon midday next week after around about half past quarter to an "
    "hour hours minutes later this on of"
)
WORDS = frozenset([*_GRAMMAR.split(), *(name.lower() for name in (*EN_DAYS, *EN_MONTHS))])
"""What tells English from Spanish in a phrase that names a time."""
_WEEKDAYS = {name.lower(): number for number, name in enumerate(EN_DAYS)}


def span(said: str) -> tuple[timedelta, bool] | None:
    """How long from now, and whether that is counted on the calendar ("in two days") rather than by the clock."""
    for words, minutes in _SHORT:
        if re.search(words, said):
            return timedelta(minutes=minutes), False
    plainly = re.sub(r"(\d) 5(?= (?:h|hours|hrs))", r"\1.5", plain(said))
    found = next((match for pattern in _SPANS if (match := pattern.search(plainly))), None)
    if found is None:
        return None
    amount = float(_NUMBERS[found[1]] if found[1] in _NUMBERS else found[1]) + (0.5 if found[2] or found[4] else 0)
    unit = found[3][0]
    if unit in "mh":
        return timedelta(minutes=amount * (1 if unit == "m" else 60)), False
    return timedelta(days=int(amount) * (7 if unit == "w" else 1)), True


def later(said: str) -> bool:
    return bool(re.search(r"\blater\b", said))


def doubtful(said: str) -> bool:
    """A day or an hour that is ruled out, only bounded, or one of two: no single time is meant."""
    return bool(_DOUBT.search(said)) or len({day for day in _WEEKDAYS if re.search(rf"\b{day}\b", said)}) > 1


def weekday(said: str) -> int | None:
    return next((number for name, number in _WEEKDAYS.items() if re.search(rf"\b{name}\b", said)), None)


def day(said: str, local: datetime) -> tuple[date | None, str]:
    """The day named, and the phrase without it."""
    today = local.date()
    said = _ORDINAL.sub(lambda found: f"{_ORDINALS[found[0]]}th", said)
    week = timedelta(days=7) if re.search(r"\b(?:a|one) week (?:from|after)\b|day week\b", said) else timedelta()
    if week:
        said = re.sub(r"\b(?:a|one) week (?:from|after)\b|(?<=day) week\b", " ", said)
    for words, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if words in said:
            return today + week + timedelta(days=days), said.replace(words, "tonight" if words == "tonight" else " ")
    if found := _DATE.search(said):
        return _calendar_day(found, today), said[: found.start()] + " " + said[found.end() :]
    monday = today + timedelta(days=7 - today.weekday())
    for name, number in _WEEKDAYS.items():
        if found := re.search(rf"\b(next\s+)?{name[:3]}(?:{name[3:]})?\b", said):
            rest = said[: found.start()] + " " + said[found.end() :]
            if "next week" in rest:
                return monday + timedelta(days=number), rest.replace("next week", " ")
            return today + week + timedelta(days=(number - today.weekday()) % 7 or 7), rest
    if "next week" in said:
        return monday, said.replace("next week", " ")
    return (today, said) if re.search(r"\bthis (morning|afternoon|evening)\b", said) else (None, said)


def _calendar_day(found: re.Match[str], today: date) -> date | None:
    month = _MONTHS.get(found[1] or found[4] or "", today.month)
    day = int(found[2] or found[3] or found[5])
    for year, number in ((today.year, month), (today.year + (month == 12), month % 12 + 1), (today.year + 1, month)):
        if (found[1] or found[4]) and number != month:
            continue
        try:
            candidate = date(year, number, day)
        except ValueError:
            continue
        if candidate >= today:
            return candidate
    return None


def clock(said: str) -> time | None:
    text = re.sub(r"(?<=\w)[- ]?ish\b", "", said)
    found = next((match for match in _CLOCK.finditer(text) if _is_hour(match, text)), None)
    if found is None:
        return next((at for word, at in _PARTS.items() if re.search(rf"\b{word}\b", text)), None)
    hour = _NUMBERS.get(found[2]) if found[2] in _NUMBERS else int(found[2])
    minute = _MINUTES.get(found[3] or "") or (int(found[3]) if (found[3] or "").isdigit() else 0)
    minute = {"half past": 30, "half": 30, "quarter past": 15, "quarter to": -15}.get(found[1] or "", minute)
    return _on_clock(hour or 0, minute, found[4] or "", said)


def _is_hour(found: re.Match[str], said: str) -> bool:
    """A sign that an hour is meant beside the number, or nothing beside it that counts something else."""
    if found[1] or found[3] or found[4] or _SIGNED.search(said[: found.start()]):
        return True
    beside = (said[: found.start()] + " " + said[found.end() :]).split()
    return all(word in _AROUND or any(re.fullmatch(part, word) for part in _PARTS) for word in beside)


def _on_clock(hour: int, minute: int, half: str, said: str) -> time | None:
    early = half.replace(" ", "") in ("am", "inthemorning") or "morning" in said
    late = (bool(half) and not early) or any(word in said for word in ("afternoon", "evening", "tonight"))
    if hour <= 12:
        hour = hour % 12 + 12 if late else hour % 12 if early else hour + 12 if 1 <= hour <= 7 else hour
    total = hour * 60 + minute
    return time(total // 60, total % 60) if 0 <= total < 24 * 60 and 0 <= minute + 15 < 75 else None
