"""Numbers that may be dialled, and personal data that may not be logged."""

import logging
import random
from collections import defaultdict
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import phonenumbers
import pytest
import structlog
from phonenumbers import PhoneMetadata, PhoneNumberType

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
    """R90: premium, shared-cost, satellite and the like are no numbers to call."""
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


SPECIAL = ("premium_rate", "shared_cost", "toll_free", "uan", "pager", "voicemail", "personal_number")


def test_whatever_the_metadata_calls_special_is_refused_everywhere() -> None:
    """Numbers made from every such pattern of every country and of the codes without one, not only its examples."""
    chance = random.Random(5)
    found: dict[str, set[str]] = defaultdict(set)
    places = [(PhoneMetadata.metadata_for_region(region), region) for region in phonenumbers.SUPPORTED_REGIONS]
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    places += [(PhoneMetadata.metadata_for_nongeo_region(code), None) for code in codes]
    for metadata, region in places:
        for name in SPECIAL:
            described = getattr(metadata, name)
            pattern = described.national_number_pattern if described else None
            for digits in {matching(pattern, chance) for _ in range(25)} if pattern else ():
                number = parse(f"+{metadata.country_code}{digits}", region, frozenset())
                assert isinstance(number, Undialable), (metadata.id, name, digits)
                found[name].add(f"{metadata.country_code} {metadata.id}")
    assert {name for name in SPECIAL if len(found[name]) > 5} == set(SPECIAL)
    assert len(found["premium_rate"]) > 150


def matching(pattern: str, chance: random.Random) -> str:
    """A text that the pattern matches, its branches and digits taken at random."""
    return "".join(_taken(_parser.parse(pattern), chance))


def _taken(parsed: Any, chance: random.Random) -> Iterator[str]:
    for op, value in parsed:
        match str(op):
            case "LITERAL":
                yield chr(value)
            case "IN":
                low, high = chance.choice([one if isinstance(one, tuple) else (one, one) for _, one in value])
                yield chr(chance.randint(low, high))
            case "BRANCH":
                yield from _taken(chance.choice(value[1]), chance)
            case "SUBPATTERN":
                yield from _taken(value[3], chance)
            case "MAX_REPEAT":
                for _ in range(chance.randint(value[0], min(value[1], 14))):
                    yield from _taken(value[2], chance)
            case _:
                raise AssertionError(f"no digits for {op}")


def test_emergency_and_short_numbers_of_every_country_are_refused() -> None:
    chance, tried = random.Random(5), 0
    for region in phonenumbers.SUPPORTED_SHORT_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region)
        described = filter(None, (metadata.emergency, metadata.short_code))
        for pattern in filter(None, (one.national_number_pattern for one in described)):
            for digits in {matching(pattern, chance) for _ in range(10)}:
                found = parse(digits, region, frozenset({region}))
                assert isinstance(found, Undialable), (region, digits)
                tried += 1
    assert tried > 1000


def test_pay_per_call_exchanges_are_refused() -> None:
    assert parse("+1 212 976 1234", "US", US) == Undialable("pay_per_call")


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
