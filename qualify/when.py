"""A time named in conversation, as an instant: "tomorrow after four", "in two hours", "Monday morning", in the person's zone.

Understands English; an ISO time always works. What it doesn't understand is None, and the model asks again: never a guess.
Hours without am or pm are read as people mean them on the phone: one to seven in the afternoon, eight to eleven in the morning.
"""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from qualify.phrases import plain
from qualify.spoken import EN_DAYS, EN_MONTHS

_UNITS = (
    "zero one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_NUMBERS = {word: value for value, word in enumerate(_UNITS.split())}
_NUMBERS |= {"twenty": 20, "thirty": 30, "forty": 40, "forty five": 45, "fifty": 50, "sixty": 60, "ninety": 90}
_NUMBERS |= {"a": 1, "an": 1, "a couple of": 2, "couple of": 2, "a few": 3, "half an": 0}
_NUMBER = "(" + "|".join(sorted((re.escape(word) for word in _NUMBERS), key=len, reverse=True)) + r"|\d{1,3})"
_IN = re.compile(rf"\bin\s+(?:about\s+|around\s+)?{_NUMBER}\s*(minutes?|mins?|hours?|hrs?|days?|weeks?)\b")
_HOUR_WORDS = "(" + "|".join(_UNITS.split()[1:13]) + r"|\d{1,2})"
_CLOCK = re.compile(
    rf"\b(?:(half past|quarter past|quarter to)\s+)?{_HOUR_WORDS}(?:[:.]?\s*(\d{{2}}|thirty|fifteen|forty five|o'?clock))?\s*"
    r"(am|pm|a\s*m|p\s*m|in the morning|in the afternoon|in the evening|at night)?(?!\w)"
)
_PARTS = {
    "morning": time(10),
    "lunchtime": time(12, 30),
    "lunch": time(12, 30),
    "noon": time(12),
    "midday": time(12),
    "afternoon": time(15),
    "evening": time(18),
    "tonight": time(18),
    "end of the day": time(17),
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
_WEEKDAYS = {name.lower(): number for number, name in enumerate(EN_DAYS)}


def parse(phrase: str, zone: str, now: datetime) -> datetime | None:
    """The instant meant, aware, in the zone; None when the phrase names no time."""
    local = now.astimezone(ZoneInfo(zone))
    if (exact := _iso(phrase, zone)) is not None:
        return exact
    said = re.sub(r"\b([ap])\.\s*m\b\.?", r"\1m", phrase.lower().replace("’", "'"))
    said = re.sub(r"[^\w\s':.]", " ", said).strip(" .")
    if (span := _span(plain(said))) is not None:
        return _round(local + span)
    day, rest = _day(said, local)
    clock = _clock(rest)
    if clock is None and day is None:
        return _round(local + timedelta(hours=3)) if re.search(r"\blater\b", said) else None
    at = datetime.combine(day or local.date(), clock or time(10), tzinfo=local.tzinfo)
    if day is None and at <= local:
        at = datetime.combine(local.date() + timedelta(days=1), clock or time(10), tzinfo=local.tzinfo)
    return at


def _iso(phrase: str, zone: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(phrase.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _span(said: str) -> timedelta | None:
    if re.search(r"\bin (?:half an|a half) hour\b", said):
        return timedelta(minutes=30)
    if re.search(r"\bin an hour and a half\b", said):
        return timedelta(minutes=90)
    found = _IN.search(said)
    if found is None:
        return None
    amount = _NUMBERS.get(found[1]) if found[1] in _NUMBERS else int(found[1])
    unit = found[2][0]
    if unit == "m":
        return timedelta(minutes=amount or 0)
    return timedelta(hours=amount or 0) if unit == "h" else timedelta(days=(amount or 0) * (7 if unit == "w" else 1))


def _round(at: datetime) -> datetime:
    """Up to the next five minutes."""
    floor = at.replace(second=0, microsecond=0)
    return floor + timedelta(minutes=-floor.minute % 5)


def _day(said: str, local: datetime) -> tuple[date | None, str]:
    """The day named, and the phrase without it."""
    today = local.date()
    for words, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if words in said:
            return today + timedelta(days=days), said.replace(words, "tonight" if words == "tonight" else " ")
    if found := _DATE.search(said):
        return _calendar_day(found, today), said[: found.start()] + " " + said[found.end() :]
    for name, number in _WEEKDAYS.items():
        if found := re.search(rf"\b(next\s+)?{name[:3]}(?:{name[3:]})?\b", said):
            ahead = (number - today.weekday()) % 7 or 7
            return today + timedelta(days=ahead), said[: found.start()] + " " + said[found.end() :]
    if "next week" in said:
        return today + timedelta(days=7 - today.weekday()), said.replace("next week", " ")
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


def _clock(said: str) -> time | None:
    found = (
        _CLOCK.search(re.sub(r"\b(?:at|after|around|about|from|past(?! \w))\b", " ", said).strip())
        if said.strip()
        else None
    )
    if found is None:
        return next((at for word, at in _PARTS.items() if re.search(rf"\b{word}\b", said)), None)
    hour = _NUMBERS.get(found[2]) if found[2] in _NUMBERS else int(found[2])
    minute = _MINUTES.get(found[3] or "") or (int(found[3]) if (found[3] or "").isdigit() else 0)
    minute = {"half past": 30, "quarter past": 15, "quarter to": -15}.get(found[1] or "", minute)
    return _on_clock(hour or 0, minute, found[4] or "", said)


def _on_clock(hour: int, minute: int, half: str, said: str) -> time | None:
    early = half.replace(" ", "") in ("am", "inthemorning") or "morning" in said
    late = (bool(half) and not early) or any(word in said for word in ("afternoon", "evening", "tonight"))
    if hour <= 12:
        hour = hour % 12 + 12 if late else hour % 12 if early else hour + 12 if 1 <= hour <= 7 else hour
    total = hour * 60 + minute
    return time(total // 60, total % 60) if 0 <= total < 24 * 60 and 0 <= minute + 15 < 75 else None
