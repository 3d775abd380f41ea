"""Times as people say them in Spanish, and over clock changes in both languages."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualify import when
from qualify.spoken import ES_DAYS, say_time

SUNDAY_NOON = datetime(2026, 11, 22, 17, 3, tzinfo=UTC)  # 12:03 in New York
NOW = st.integers(0, 2 * 365 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
ZONES = ["America/New_York", "America/Phoenix", "Europe/Madrid", "Australia/Lord_Howe", "America/Santiago"]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("mañana después de las cuatro", "2026-11-23T16:00:00-05:00"),
        ("Mañana a las cuatro.", "2026-11-23T16:00:00-05:00"),
        ("mañana a las 4 de la tarde", "2026-11-23T16:00:00-05:00"),
        ("el lunes por la mañana", "2026-11-23T10:00:00-05:00"),
        ("mañana por la mañana", "2026-11-23T10:00:00-05:00"),
        ("mañana en la mañana a las nueve", "2026-11-23T09:00:00-05:00"),
        ("en dos horas", "2026-11-22T14:05:00-05:00"),
        ("dentro de media hora", "2026-11-22T12:35:00-05:00"),
        ("en una hora y media", "2026-11-22T13:35:00-05:00"),
        ("en un par de horas", "2026-11-22T14:05:00-05:00"),
        ("en veinticinco minutos", "2026-11-22T12:30:00-05:00"),
        ("en dos horas y media", "2026-11-22T14:35:00-05:00"),
        ("en tres días", "2026-11-25T12:05:00-05:00"),
        ("a las tres y media", "2026-11-22T15:30:00-05:00"),
        ("a las cinco menos cuarto", "2026-11-22T16:45:00-05:00"),
        ("un cuarto para las cinco", "2026-11-22T16:45:00-05:00"),
        ("a las dos y veinte", "2026-11-22T14:20:00-05:00"),
        ("a la una", "2026-11-22T13:00:00-05:00"),
        ("mañana a las 10 a. m.", "2026-11-23T10:00:00-05:00"),
        ("mañana a las 10:30 de la mañana", "2026-11-23T10:30:00-05:00"),
        ("el martes a las 2:30 p.m.", "2026-11-24T14:30:00-05:00"),
        ("el próximo martes a las dos treinta", "2026-11-24T14:30:00-05:00"),
        ("el 24 de noviembre a las tres", "2026-11-24T15:00:00-05:00"),
        ("el veinticuatro de noviembre a las 3", "2026-11-24T15:00:00-05:00"),
        ("el día 24 a las once", "2026-11-24T11:00:00-05:00"),
        ("el 24 por la tarde", "2026-11-24T15:00:00-05:00"),
        ("el primero de diciembre a mediodía", "2026-12-01T12:00:00-05:00"),
        ("pasado mañana a mediodía", "2026-11-24T12:00:00-05:00"),
        ("mañana temprano", "2026-11-23T09:00:00-05:00"),
        ("esta tarde", "2026-11-22T15:00:00-05:00"),
        ("esta noche a las ocho", "2026-11-22T20:00:00-05:00"),
        ("hoy a las siete de la noche", "2026-11-22T19:00:00-05:00"),
        ("a las dieciséis", "2026-11-22T16:00:00-05:00"),
        ("el viernes", "2026-11-27T10:00:00-05:00"),
        ("el lunes de la próxima semana a las nueve", "2026-11-23T09:00:00-05:00"),
        ("el miércoles de la semana que viene", "2026-11-25T10:00:00-05:00"),
        ("la semana que viene", "2026-11-23T10:00:00-05:00"),
        ("la mañana del jueves", "2026-11-26T10:00:00-05:00"),
        ("cuatro y media", "2026-11-22T16:30:00-05:00"),
        ("más tarde", "2026-11-22T15:05:00-05:00"),
        ("Llámeme mañana, como a las cinco de la tarde, por favor", "2026-11-23T17:00:00-05:00"),
        ("mañana a las doce", "2026-11-23T12:00:00-05:00"),
        ("después del trabajo", "2026-11-22T18:00:00-05:00"),
        ("mañana después de comer", "2026-11-23T15:00:00-05:00"),
        ("en un ratito", "2026-11-22T13:05:00-05:00"),
        ("hoy más tarde", "2026-11-22T15:05:00-05:00"),
        ("a partir de las cinco", "2026-11-22T17:00:00-05:00"),
        ("mañana a primera hora", "2026-11-23T09:00:00-05:00"),
        ("dentro de una semana", "2026-11-29T12:05:00-05:00"),
    ],
)
def test_phrases_become_instants(phrase: str, expected: str):
    found = when.parse(phrase, "America/New_York", SUNDAY_NOON)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "phrase",
    [
        "cuando quiera",
        "no sé",
        "nunca",
        "lunes o martes",
        "a las tres o a las cuatro",
        "antes de las cuatro",
        "entre las tres y las cinco",
        "mañana no, el lunes",
        "el fin de semana",
        "en ocho días",
        "el mes que viene",
        "el 5/11",
        "tengo dos hijos",
        "a las doce de la noche",
        "a las 27",
        "el treinta y dos",
        "el viernes 3 de diciembre",
        "Monday or Tuesday",
        "not tomorrow",
        "5/11 at three",
    ],
)
def test_what_names_no_single_time_is_not_guessed(phrase: str):
    assert when.parse(phrase, "America/New_York", SUNDAY_NOON) is None


@given(
    now=NOW,
    zone=st.sampled_from(ZONES),
    hours=st.integers(1, 48),
)
def test_hours_pass_as_they_pass(now: datetime, zone: str, hours: int):
    """Over a clock change as well, and the same in both languages."""
    spanish = when.parse(f"en {hours} horas", zone, now)
    assert spanish is not None
    assert abs(spanish - now - timedelta(hours=hours)) <= timedelta(minutes=5)
    assert spanish == when.parse(f"in {hours} hours", zone, now)


@given(
    now=NOW,
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 6),
    hour=st.integers(8, 11),
    minute=st.sampled_from([0, 15, 30, 45]),
)
def test_a_day_and_an_hour_are_those_of_the_clock_there(now: datetime, zone: str, day: int, hour: int, minute: int):
    found = when.parse(f"el {ES_DAYS[day]} a las {hour}:{minute:02d} de la mañana", zone, now)
    assert found is not None
    assert (found.weekday(), found.time()) == (day, time(hour, minute))
    assert now < found < now + timedelta(days=8)


@given(
    now=NOW,
    zone=st.sampled_from(ZONES),
    ahead=st.integers(1, 20 * 24 * 4),
)
def test_what_we_say_we_understand(now: datetime, zone: str, ahead: int):
    """A read-back said in Spanish names the very instant it was made from; in the hour a clock shows twice, the first."""
    at = (
        (now.replace(second=0, microsecond=0, minute=0) + timedelta(minutes=15 * ahead))
        .astimezone(ZoneInfo(zone))
        .replace(fold=0)
    )
    if at > now and at.hour >= 1:
        assert when.parse(say_time(at, zone, "es-US"), zone, now) == at


@given(
    zone=st.sampled_from(ZONES),
    days=st.integers(0, 400),
    language=st.sampled_from(["mañana a las 2:30 de la mañana", "tomorrow at 2:30 am"]),
)
def test_an_hour_that_is_skipped_is_the_next_one(zone: str, days: int, language: str):
    now = datetime(2026, 1, 1, 17, tzinfo=UTC) + timedelta(days=days)
    found = when.parse(language, zone, now)
    assert found is not None
    assert found.astimezone(UTC).astimezone(ZoneInfo(zone)).time() == found.time()
    assert found.time() in (time(2, 30), time(3, 30), time(3, 0))


@given(st.text(max_size=60))
def test_any_text_is_a_time_or_none(text: str):
    for said in (text, f"mañana {text}", f"el lunes a las {text}"):
        found = when.parse(said, "America/New_York", SUNDAY_NOON)
        assert found is None or found.tzinfo is not None
