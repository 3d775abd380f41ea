"""Numbers that may be dialled, and personal data that may not be logged."""

import logging
from collections.abc import Iterator

import phonenumbers
import pytest
import structlog
from phonenumbers import PhoneNumberType

from campaign import logs
from campaign.phone import UNDIALABLE, Phone, Undialable, parse
from campaign.redaction import redact, scrub

US = frozenset({"US"})


def test_a_country_as_people_write_it_helps_to_read_a_national_number() -> None:
    assert parse("020 7946 0958", "UK", frozenset({"GB", "IE"})) == Phone("+442079460958", "GB")
    assert parse("(212) 555-0101", "XX", US) == Phone("+12125550101", "US")


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_trace_in_a_librarys_log_is_scrubbed_like_its_sentence(
    logging_as_it_was: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL: `DETAIL: Key (to_number)=(+12125550101) already exists`, which a worker logs with its trace."""
    logs.configure("test")
    try:
        raise ValueError("Key (to_number, email)=(+12125550101, dana@example.com) already exists")
    except ValueError:
        logging.getLogger("celery.app.trace").error("task failed", exc_info=True)
    shown = capsys.readouterr().err
    assert "already exists" in shown
    assert "5550101" not in shown
    assert "dana" not in shown


@pytest.mark.parametrize(
    ("typed", "country", "found"),
    [
        ("(212) 555-0101", "US", Phone("+12125550101", "US")),
        ("212 555 0101", None, Phone("+12125550101", "US")),
        ("+61 491 570 156", "US", Undialable("country_not_allowed")),
        ("911", "US", Undialable("not_a_valid_number")),
        ("+1 900 555 0123", "US", Undialable("premium_rate")),
        ("+1 800 555 0199", "US", Undialable("toll_free")),
        ("+1 876 555 0123", "US", Undialable("country_not_allowed")),
        ("+881 612 345 678", None, Undialable("non_geographic")),
        ("call me", "US", Undialable("not_a_phone_number")),
        ("", "US", Undialable("not_a_phone_number")),
        ("٢١٢٥٥٥٠١٠١", "US", Phone("+12125550101", "US")),
    ],
)
def test_a_typed_number(typed: str, country: str | None, found: Phone | Undialable) -> None:
    assert parse(typed, country, US) == found


def test_every_countrys_special_ranges_are_refused() -> None:
    tried = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in UNDIALABLE:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None or phonenumbers.number_type(example) is not kind:
                continue
            typed = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert isinstance(parse(typed, region, frozenset({region})), Undialable), (region, kind)
            tried += 1
    assert tried > 300
    assert PhoneNumberType.PREMIUM_RATE in UNDIALABLE


def test_logs_lose_marked_fields_and_loose_numbers_but_keep_ids() -> None:
    event = {
        "event": "call placed",
        "phone": "+12125550101",
        "error": "To +1 212 555 0101 of a@b.co",
        "lead": "lead_" + "0" * 32,
    }
    shown = redact(None, "info", dict(event))
    assert "555" not in str(shown)
    assert "a@b.co" not in str(shown)
    assert shown["lead"] == event["lead"]
    for harmless in ("code 21211, 30 s", "2026-11-22 17:13:53", "on http://127.0.0.1:35583", "in 0.0120498530000000s"):
        assert scrub(harmless) == harmless
    for telling in ("+12125550101", "(212) 555-0101", "212.555.0101", "0491 570 156", "203.0.113.77"):
        assert telling not in scrub(f"to {telling} now")
