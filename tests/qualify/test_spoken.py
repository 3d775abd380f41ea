"""Numbers, zones and spellings as they are said."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualify.spelled import say_email, say_name, say_phone
from qualify.spoken import say_number, say_time, say_zone
from qualify.tokens import tokens
from qualify.tools import entities
from qualify.tools.desk import Desk
from tests.qualify.paper import NOW

NOVEMBER, JULY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC), datetime(2026, 7, 1, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "language", "said"),
    [
        (240, "USD", "en-US", "two hundred and forty dollars"),
        (1, "AUD", "en-AU", "one dollar"),
        (1250.5, "USD", "en-US", "one thousand, two hundred and fifty dollars and fifty cents"),
        (240, "USD", "es-US", "doscientos cuarenta dólares"),
        (21, "EUR", "es-ES", "veintiún euros"),
        (12, "kWh", "en-US", "twelve kWh"),
        (3, "", "es", "tres"),
        (3, "XXX", "en", "three XXX"),
    ],
)
def test_amounts_are_words(value: float, unit: str, language: str, said: str):
    assert say_number(value, unit, language) == said


@pytest.mark.parametrize(
    ("at", "zone", "language", "said"),
    [
        (NOVEMBER, "America/Los_Angeles", "en-US", "Pacific time"),
        (JULY, "America/Los_Angeles", "es-US", "hora del Pacífico"),
        (JULY, "America/Phoenix", "en-US", "Phoenix time"),
        (NOVEMBER, "Australia/Sydney", "en-AU", "Sydney time"),
        (NOVEMBER, "Europe/Madrid", "es-ES", "hora de Madrid"),
    ],
)
def test_zones_have_names_people_use(at: datetime, zone: str, language: str, said: str):
    assert say_zone(at, zone, language) == said


def test_the_zone_is_named_where_the_teams_clock_differs(desk: Desk):
    assert desk.say(NOVEMBER, NOW) == "tomorrow, Tuesday, November 24th at 10:00 AM"
    desk.zone = "America/Los_Angeles"
    assert desk.say(NOVEMBER, NOW) == "tomorrow, Tuesday, November 24th at 7:00 AM Pacific time"
    desk.zone = "America/Detroit"  # another zone, the same clock
    assert desk.say(NOVEMBER, NOW) == "tomorrow, Tuesday, November 24th at 10:00 AM"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (datetime(2026, 11, 24, 14, 0, tzinfo=UTC), "today, Tuesday"),
        (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "tomorrow, Tuesday"),
        (datetime(2026, 11, 22, 14, 0, tzinfo=UTC), "Tuesday"),
        (datetime(2026, 11, 24, 4, 45, tzinfo=UTC), "Tuesday"),  # 23:45 in New York: "tomorrow" will not hold
    ],
)
def test_today_and_tomorrow_where_they_are_safe(now: datetime, said: str):
    assert say_time(NOVEMBER, "America/New_York", "en-US", now).startswith(f"{said}, November 24th")


@pytest.mark.parametrize(
    ("text", "address", "said"),
    [
        ("maria at example dot com", "maria@example.com", "m-a-r-i-a at e-x-a-m-p-l-e dot c-o-m"),
        ("M-A-R-I-A at example dot com", "maria@example.com", "m-a-r-i-a at e-x-a-m-p-l-e dot c-o-m"),
        ("my email is Jo_B2@x.co.uk, thanks", "jo_b2@x.co.uk", "j-o underscore b-2 at x dot c-o dot u-k"),
        ("ann-marie@foo-bar.com", "ann-marie@foo-bar.com", "a-n-n dash m-a-r-i-e at f-o-o dash b-a-r dot c-o-m"),
        ("a-b@x.com", "a-b@x.com", "a dash b at x dot c-o-m"),
        ("john plus solar at x dot io", "john+solar@x.io", "j-o-h-n plus s-o-l-a-r at x dot i-o"),
    ],
)
def test_addresses_are_understood_and_spelled(text: str, address: str, said: str):
    assert entities.email(text) == address
    assert say_email(address, "en-US") == said


def test_addresses_in_spanish():
    assert entities.email("maría... no, es maria arroba ejemplo punto com") == "maria@ejemplo.com"
    assert say_email("ana_b@x-1.es", "es-US") == "a-n-a guion bajo b arroba x guion 1 punto e-s"


@pytest.mark.parametrize(
    "text", ["", "maria", "maria at", "at example dot com", "x..y@z.com", "a@b", "@", "a@b@c.com."]
)
def test_what_is_no_address_is_none(text: str):
    assert entities.email(text) is None


@pytest.mark.parametrize(
    ("text", "home", "number", "said"),
    [
        ("(212) 555-0101", "US", "+12125550101", "2-1-2, 5-5-5, 0-1-0-1"),
        ("0491 570 156", "AU", "+61491570156", "0-4-9-1, 5-7-0, 1-5-6"),
        ("+61 491 570 156", "US", "+61491570156", "plus 6-1, 4-9-1, 5-7-0, 1-5-6"),
    ],
)
def test_numbers_are_said_digit_by_digit_in_their_countrys_groups(text: str, home: str, number: str, said: str):
    assert entities.phone(text, home) == number
    assert say_phone(number, home) == said


@pytest.mark.parametrize("text", ["", "12", "call me", "+", "000000000000000000"])
def test_what_is_no_number_is_none(text: str):
    assert entities.phone(text, "US") is None


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("Maria", "Maria", "M-A-R-I-A"),
        ("smith, S-M-I-T-H", "Smith", "S-M-I-T-H"),
        ("S, M, I, T, H", "Smith", "S-M-I-T-H"),
        ("José Pérez", "José Pérez", "J-O-S-É, P-É-R-E-Z"),
        ("Anne-Marie", "Anne-Marie", "A-N-N-E, M-A-R-I-E"),
        ("it's J-O", "Jo", "J-O"),
    ],
)
def test_names_are_spelled(text: str, name: str, said: str):
    assert entities.name(text) == name
    assert say_name(name) == said


@given(st.text(max_size=80))
def test_nothing_a_model_sends_breaks_the_reading(text: str):
    """Rule 49."""
    for found, said in (
        (entities.email(text), lambda v: say_email(v, "en")),
        (entities.phone(text, "US"), lambda v: say_phone(v, "US")),
        (entities.name(text), say_name),
    ):
        assert found is None or said(found)
    tokens(text)


@given(st.from_regex(r"[a-z0-9]{1,8}([._+-][a-z0-9]{1,6}){0,2}@[a-z0-9]{1,10}\.(com|es|io)", fullmatch=True))
def test_a_read_back_that_was_passed_on_is_the_same_address(address: str):
    """What the model heard itself say comes back as what was meant."""
    english, spanish = ("".join(tokens(say_email(address, language), digits=False)) for language in ("en", "es"))
    assert english == spanish == "".join(tokens(address, digits=False))


def test_an_address_in_endless_spaces_is_read_in_no_time():
    assert entities.email("\t" * 50_000) is None
    assert entities.email("maria" + " \n" * 10_000 + "at example" + "\t" * 10_000 + "dot com") == "maria@example.com"
