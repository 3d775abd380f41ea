"""A time named in conversation, as an instant in their zone: "tomorrow after four", "el lunes por la mañana", "in two hours".

Understands English and Spanish, whichever the phrase is in; an ISO time always works. What names no single time is None ("Monday or
Tuesday", "antes de las cuatro"), and the model asks again: never a guess. An hour that a clock change skips is the one after it.
"""

import re
from datetime import UTC, datetime, time, timedelta
from types import ModuleType
from zoneinfo import ZoneInfo

from qualify import when_en, when_es
from qualify.phrases import folded

LATER = timedelta(hours=3)
MORNING = time(10)
NOON = 12
_FORENOON = re.compile(r"\bam\b|morning|\b(?:de|por|en|a) la manana\b|\besta manana\b")


def parse(phrase: str, zone: str, now: datetime) -> datetime | None:
    """The instant meant, aware, in the zone; None when the phrase names no time."""
    local = now.astimezone(ZoneInfo(zone))
    if (exact := _iso(phrase, zone)) is not None:
        return exact
    said = re.sub(r"\b([ap])\.?\s*m\b\.?", r"\1m", phrase.lower().replace("’", "'"))
    said = re.sub(r"[^\w\s':./]", " ", said).strip(" .")
    said = re.sub(r"(?<=\w)\.(?=\s)", " ", re.sub(r"\s+", " ", said))
    if re.search(r"\d\s*/\s*\d", said):
        return None  # 5/11 is two days, depending on who says it
    grammar = _grammar(said)
    if grammar.doubtful(said):
        return None
    if (span := grammar.span(said)) is not None:
        return _after(local, *span)
    return _on_the_clock(grammar, said, local)


def _grammar(said: str) -> ModuleType:
    words = set(folded(said).split())
    return when_es if len(words & when_es.WORDS) > len(words & when_en.WORDS) else when_en


def _on_the_clock(grammar: ModuleType, said: str, local: datetime) -> datetime | None:
    day, rest = grammar.day(said, local)
    clock = grammar.clock(rest)
    if clock is None and day is None:
        return _after(local, LATER, False) if grammar.later(said) else None
    if clock is None and day == local.date():
        return _after(local, LATER, False)
    at = _real(datetime.combine(day or local.date(), clock or MORNING, tzinfo=local.tzinfo))
    if day is None and at <= local:
        at = _real(datetime.combine(local.date() + timedelta(days=1), clock or MORNING, tzinfo=local.tzinfo))
    elif at <= local and at.date() == local.date() and at.hour < NOON and not _FORENOON.search(folded(said)):
        at = _real(at + timedelta(hours=NOON))
    return at if _agrees(grammar, said, at) else None


def _agrees(grammar: ModuleType, said: str, at: datetime) -> bool:
    """A weekday that is named beside a date is that date's: "Thursday the third" may be no Thursday."""
    return (named := grammar.weekday(said)) is None or named == at.weekday()


def _iso(phrase: str, zone: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(phrase.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _after(local: datetime, span: timedelta, on_the_calendar: bool) -> datetime:
    """Hours are counted as they pass, days as they are dated; up to the next five minutes."""
    at = _real(local + span) if on_the_calendar else (local.astimezone(UTC) + span).astimezone(local.tzinfo)
    floor = at.replace(second=0, microsecond=0)
    return _real(floor + timedelta(minutes=-floor.minute % 5))


def _real(at: datetime) -> datetime:
    """The same time, as a clock there can show it."""
    return at.astimezone(UTC).astimezone(at.tzinfo)
