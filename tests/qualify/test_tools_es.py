"""The tools in Spanish: answers as people give them, times and lines in the language of the talk."""

import json
from datetime import timedelta
from typing import Any

import pytest

from campaign.records import Lead
from qualify import numbers, playbook_file, tools
from qualify.playbook import Question
from qualify.tools.answers import understood
from qualify.tools.desk import Desk
from tests.qualify.paper import CAMPAIGN, NOW, PaperCalendar

YES_NO = Question(id="q", ask="?", type="yes_no")
NUMBER = Question(id="q", ask="?", type="number")
CHOICE = playbook_file.load("solar-us-es").playbook.question("roof_shade")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("sí", "yes"),
        ("Sí, claro", "yes"),
        ("si", "yes"),
        ("Claro que sí", "yes"),
        ("cómo no", "yes"),
        ("es propia", "yes"),
        ("correcto", "yes"),
        ("no", "no"),
        ("No, es rentada", "no"),
        ("claro que no", "no"),
        ("alquilo", "no"),
        ("no, nunca", "no"),
        ("no sé", None),
        ("no estoy seguro", None),
        ("tal vez", None),
    ],
)
def test_yes_and_no(said: str, value: str | None):
    assert understood(YES_NO, said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("120", 120),
        ("unos 120 dólares", 120),
        ("1.200", 1200),
        ("1,200", 1200),
        ("120.50", 120.5),
        ("12.5", 12.5),
        ("ciento veinte", 120),
        ("como ciento veinte dólares al mes", 120),
        ("cien", 100),
        ("doscientos cincuenta y cinco", 255),
        ("mil doscientos", 1200),
        ("dos mil quinientos", 2500),
        ("treinta y cinco", 35),
        ("quinientas", 500),
        ("once", 11),
        ("two hundred", 200),
        ("a hundred and fifty", 150),
        ("one eighty", 180),
        ("about sixty dollars", 60),
        ("one thousand two hundred", 1200),
        ("una casa grande", None),
        ("mucho", None),
        ("", None),
    ],
)
def test_numbers(said: str, value: float | None):
    assert understood(NUMBER, said) == value


@pytest.mark.parametrize("number", [*range(100), 100, 101, 215, 999, 1000, 1001, 2245])
def test_every_number_reads_back(number: int):
    assert numbers.in_words(spanish(number)) == number


def spanish(number: int) -> str:
    under = {n: word for word, n in numbers.spanish_under(60).items() if word not in ("un", "una")}
    if number < 60:
        return under[number]
    if number < 100:
        ten = {60: "sesenta", 70: "setenta", 80: "ochenta", 90: "noventa"}[number // 10 * 10]
        return ten + (f" y {under[number % 10]}" if number % 10 else "")
    if number < 1000:
        hundred = {2: "doscientos", 9: "novecientos"}.get(number // 100, "")
        head = "cien" if number == 100 else "ciento" if number < 200 else hundred
        return head + (f" {spanish(number % 100)}" if number % 100 else "")
    thousand = "mil" if number < 2000 else f"{spanish(number // 1000)} mil"
    return thousand + (f" {spanish(number % 1000)}" if number % 1000 else "")


@pytest.mark.parametrize(
    ("said", "choice"),
    [("mucho sol", "mucho sol"), ("Algo de sombra.", "algo de sombra"), ("mucha sombra, la verdad", "mucha sombra")],
)
def test_choices(said: str, choice: str):
    assert CHOICE is not None
    assert understood(CHOICE, said) == choice


def at_desk() -> Desk:
    lead = Lead(
        id="lead_1", campaign="solar-us", source="website", external_id="1", first_name="María", phone="+12125550101"
    )
    made = Desk(CAMPAIGN, lead, "att_1", playbook_file.load("solar-us").playbook, "America/New_York", PaperCalendar())
    made.playbooks = {"en": made.playbook, "es": playbook_file.load("solar-us-es").playbook}
    return made


def run(desk: Desk, name: str, confirmed: frozenset[str] = frozenset(), **arguments: Any) -> dict[str, Any]:
    return tools.run(name, json.dumps(arguments), desk, NOW, confirmed)


def test_offers_made_before_a_switch_are_said_anew():
    desk = at_desk()
    first = run(desk, "check_slots")["slots"][0]
    assert "AM" in first["say"]
    desk.speak("es-US", NOW)
    read_back = run(desk, "schedule", slot_id=first["slot_id"])
    assert "de la mañana" in read_back["read_back"]
    booked = run(desk, "schedule", frozenset([read_back["_key"]]), slot_id=first["slot_id"], confirm=True)
    assert booked["say"] == f"Queda reservada para el {read_back['read_back']}."


def test_a_callback_in_spanish_words():
    desk = at_desk()
    desk.speak("es-US", NOW)
    asked = run(desk, "schedule", kind="callback", when="mañana a las cuatro de la tarde")
    assert asked["read_back"].endswith("a las 4:00 de la tarde")
    at = desk.promised[asked["callback_id"]]
    assert timedelta(hours=2) < at - NOW < timedelta(days=2)
    assert run(desk, "schedule", kind="callback", when="antes de las cuatro")["error"] == "unclear_time"


def test_a_language_the_desk_does_not_know_changes_nothing():
    desk = at_desk()
    desk.speak("fr-FR", NOW)
    assert desk.playbook.language == "en-US"
