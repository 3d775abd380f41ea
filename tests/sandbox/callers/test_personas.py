import re

import phonenumbers
import pytest

from sandbox.callers import cast, persona_for
from sandbox.speech import Library

OUTCOMES = {"booked", "qualified", "not_qualified", "callback", "declined", "opted_out", "unreachable", "needs_human"}
PERSONAS = cast().personas.values()


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        ("01", "books"),
        ("02", "interrupts"),
        ("03", "declines"),
        ("04", "wants_human"),
        ("05", "voicemail"),
        ("06", "busy_first"),
        ("07", "no_answer"),
        ("08", "hangs_up"),
        ("09", "opts_out"),
        ("10", "wants_callback"),
        ("11", "renter"),
        ("12", "carrier_failure"),
        ("13", "screened"),
        ("14", "silent"),
        ("15", "doubts"),
        ("16", "changes_slot"),
        ("17", "books"),
        ("91", "screened_ios"),
        ("92", "screened_pixel"),
        ("93", "phone_menu"),
        ("94", "quiet_verdict"),
        ("95", "long_talker"),
        ("99", "books"),
    ],
)
def test_the_last_two_digits_decide(ending: str, name: str) -> None:
    assert persona_for(f"+121255501{ending}").name == name


def test_australian_mobiles_have_endings_of_their_own() -> None:
    fates = {"+61491570156": "books", "+61491570157": "wants_callback", "+61491570158": "interrupts"}
    fates |= {"+61491570159": "declines", "+61491570110": "wants_callback", "+61491570006": "busy_first"}
    for number, name in fates.items():
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert persona_for(number).name == name
    assert persona_for("+12125550156").name == "books"


def test_a_busy_number_is_free_on_the_second_call() -> None:
    persona = persona_for("+12125550106")
    assert persona.answer == "busy"
    assert [persona.answer_to(call) for call in (1, 2, 3)] == ["busy", "human", "human"]


def test_every_persona_says_how_its_lead_ends() -> None:
    for persona in PERSONAS:
        assert {persona.expects["outcome"], *persona.expects.get("also", [])} <= OUTCOMES


def test_every_line_of_every_persona_is_spoken() -> None:
    library = Library.shipped()
    assert [line for persona in PERSONAS for line in persona.lines if library.missing(line, persona.voice)] == []


def test_rules_are_written_the_way_they_are_compared() -> None:
    for persona in PERSONAS:
        for rule in (*persona.rules, *persona.common):
            assert all(words == " ".join(words.lower().split()) and not re.search("[’]", words) for words in rule.hear)
