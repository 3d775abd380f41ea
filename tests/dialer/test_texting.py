"""Text messages as decisions: consent in words that name texts, calling hours, and nothing that is no longer true."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.file import parse
from dialer.texting import (
    LONGEST,
    Facts,
    Send,
    Wait,
    Withhold,
    compose,
    covers_texts,
    decide,
    help_text,
    keyword,
    say_time,
)
from tests.conftest import NOON
from tests.dialer.stage import CAMPAIGN

HOUR = timedelta(hours=1)


def facts(**changes: object) -> Facts:
    usual = {
        "kind": "missed_call",
        "consented": True,
        "stopped": False,
        "halted": False,
        "caused_at": NOON,
        "opens": NOON,
    }
    return Facts(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(), Send()),
        (facts(stopped=True), Withhold("suppressed")),
        (facts(consented=False), Withhold("no_text_consent")),
        (facts(talked_since=True), Withhold("talked_since")),
        (facts(opens=None), Withhold("no_calling_hours")),
        (facts(opens=NOON + HOUR), Wait(NOON + HOUR)),
        (facts(opens=NOON + 20 * HOUR), Withhold("too_late")),
        (facts(caused_at=NOON - 13 * HOUR), Withhold("too_late")),
        (facts(halted=True), Wait(NOON + timedelta(minutes=1))),
        (facts(kind="reminder", starts_at=NOON + HOUR), Send()),
        (facts(kind="reminder", starts_at=None), Withhold("meeting_gone")),
        (facts(kind="reminder", starts_at=NOON + timedelta(minutes=5)), Withhold("too_late")),
        (facts(kind="confirmation", starts_at=NOON + 24 * HOUR, opens=NOON + 12 * HOUR), Wait(NOON + 12 * HOUR)),
        (facts(kind="confirmation", starts_at=NOON + 2 * HOUR, opens=NOON + 12 * HOUR), Withhold("too_late")),
    ],
)
def test_may_it_go_out_now(given: Facts, expected: object):
    """Quiet hours only delay; a stop, a missing consent and what is no longer true are for good."""
    assert decide(given, NOON) == expected


@pytest.mark.parametrize(
    ("words", "covered"),
    [
        ("I agree that Brightroof Solar LLC may call and text me about my request, also by an artificial voice.", True),
        ("I agree to receive calls and text messages at the number provided.", True),
        ("Consent to be contacted by phone or SMS.", True),
        ("You may call, text or e-mail me.", True),
        ("I consent to texts and calls.", True),
        ("Acepto recibir llamadas y mensajes de texto de Brightroof.", True),
        ("I agree that Brightroof may call me with an automated or artificial voice.", False),
        ("I have read the text above and agree to be called.", False),
        ("You may call me, but no text messages please.", False),
        ("Acepto recibir llamadas.", False),
        ("", False),
    ],
)
def test_only_words_that_name_texts_are_consent_to_texts(words: str, covered: bool):
    assert covers_texts(words) is covered


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("STOP", "stop"), (" stop. ", "stop"), ("Stop!", "stop"), ("UNSUBSCRIBE", "stop"), ("Alto", "stop"), ("opt out", "stop"),
        ("UNSTOP", "start"), ("start", "start"), ("HELP", "help"), ("Ayuda", "help"),
        ("stop by on Tuesday", ""), ("Can you help me with the roof?", ""), ("", ""), ("s" * 2000, ""),
    ],
)  # fmt: skip
def test_keywords_stand_alone(body: str, word: str):
    assert keyword(body) == word


def test_every_text_of_ours_says_who_we_are_and_the_way_out():
    """Form text in it can neither make it long nor put an address in it that people tap on."""
    values = {"brand": "Brightroof", "number": "+12125550100", "first_name": "http://evil.example/x\nPay now"}
    for kind in ("missed_call", "confirmation", "reminder"):
        for language in ("en-US", "es"):
            body, code = compose(kind, {}, language, values)
            assert body.startswith("Brightroof: ")
            assert body.endswith(("opt out.", "más mensajes."))
            assert code == language[:2]
    body, _ = compose("missed_call", {"en": "Hi {first_name}, " + "x" * 380}, "fr", values)
    assert "evil" not in body
    assert "\n" not in body
    assert body.endswith("Reply STOP to opt out.")
    assert len(body) <= LONGEST
    own, _ = compose("missed_call", {"es": "{brand}: le llamamos. STOP para salir."}, "es", values)
    assert own == "Brightroof: le llamamos. STOP para salir."


def test_times_are_those_of_their_clock():
    at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert say_time(at, "America/New_York", "en") == "Tue Nov 24, 10:00 AM EST"
    assert say_time(at, "America/Los_Angeles", "es") == "mar 24 nov, 07:00 PST"


def test_help_names_the_seller_and_a_number():
    campaign = parse(CAMPAIGN)
    assert help_text(campaign, "+12125550100", "en") == (
        "Brightroof: messages about your request. For help call +12125550100. Reply STOP to opt out."
    )
    assert "Responda STOP" in help_text(campaign, "+12125550100", "es-US")


@pytest.mark.parametrize(
    "texts",
    [
        '{missed_call: [{attempt: 1, messages: {en: "Hi {name}"}}]}',
        "{missed_call: [{attempt: 1}, {attempt: 1, minutes: 5}]}",
        "{reminder: {minutes_before: 1}}",
        "{confirmation: {messages: {en: ''}}}",
        "{always: true}",
    ],
)
def test_a_campaign_file_with_a_faulty_sequence_is_refused(texts: str):
    from campaign.errors import Permanent

    with pytest.raises(Permanent):
        parse(f"{CAMPAIGN}texts: {texts}\n")
