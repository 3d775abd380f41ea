"""What a consent is worth: expiry, evidence, scope and dates, as plain values. (compliance.md, section 7)"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.records import Consent
from dialer import law
from dialer.agreement import Agreement, after, agreement, is_period, objection

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
TEXT = "I agree that Brightroof Solar LLC may call me with an AI voice."


def consent(**given: Any) -> Consent:
    row = {"id": "con_1", "lead_id": "lead_1", "campaign": "solar-us", "seller_legal_name": "S", "given": True}
    return Consent(**{**row, "text": TEXT, "at": NOW, "recorded_at": NOW, "salt": "s", **given})


def worth(row: Consent, country: str = "US", *, strict: bool = False, **given: Any) -> Agreement:
    lapses = partial(law.shipped().consent_expires, [country])
    told = {"submitted_at": None, "revoked_at": None, **given}
    return agreement(row, country=country, lapses=lapses, strict=strict, **told)


@pytest.mark.parametrize(
    ("given_on", "period", "ends"),
    [
        ("2026-08-19", "P1Y", "2027-08-19"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2026-11-30", "P3M", "2027-02-28"),
        ("2027-11-30", "P3M", "2028-02-29"),
        ("2026-08-19", "P90D", "2026-11-17"),
    ],
)
def test_when_a_period_ends(given_on: str, period: str, ends: str) -> None:
    at = datetime.fromisoformat(given_on).replace(tzinfo=UTC)
    assert after(at, period) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


def test_without_a_period_the_law_says_when_a_consent_lapses() -> None:
    """Australia: three months (DNCR Act 2006, schedule 2); the period that was stated goes before."""
    assert worth(consent(period=None), "AU").expires_at == after(NOW, "P3M")
    assert worth(consent(period="P1Y"), "AU").expires_at == after(NOW, "P1Y")
    assert worth(consent(period=None), "US").expires_at is None


@given(
    st.from_regex(r"(?a)P(\d{1,2}Y)?(\d{1,3}M)?(\d{1,3}W)?(\d{1,4}D)?", fullmatch=True),
    st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 2100),
)
def test_every_period_that_is_one_ends_after_it_began(period: str, at: datetime) -> None:
    if is_period(period):
        assert after(at, period) > at


@pytest.mark.parametrize("text", ["", "P", "P0D", "6 months", "P6", "PT6H", "P٣M", "P1M1Y"])
def test_what_is_no_period(text: str) -> None:
    assert not is_period(text)


@pytest.mark.parametrize(
    ("changes", "country", "reason"),
    [
        ({}, "US", None),
        ({"text": ""}, "US", "consent_incomplete"),
        ({"text": ""}, "GB", "consent_incomplete"),
        ({"text": ""}, "DE", "consent_incomplete"),
        ({"text": ""}, "PR", "consent_incomplete"),
        ({"text": ""}, "AU", None),
        ({"text": "", "certificate_url": "https://cert.example/a"}, "US", None),
        ({"channels": ["sms", "live_voice"]}, "GB", "consent_not_for_ai_voice"),
        ({"channels": ["sms", "ai_voice"]}, "GB", None),
        ({"channels": []}, "AU", "consent_not_for_ai_voice"),
        ({"at": NOW + timedelta(minutes=4)}, "US", None),
        ({"at": NOW + timedelta(minutes=6)}, "US", "consent_dated_in_the_future"),
        ({"at": NOW - timedelta(days=93)}, "AU", "consent_expired"),
        ({"at": NOW - timedelta(days=93)}, "US", None),
        ({"at": NOW - timedelta(days=93), "period": "P1Y"}, "AU", None),
        ({"at": NOW - timedelta(days=366), "period": "P1Y"}, "US", "consent_expired"),
    ],
)
def test_what_keeps_a_consent_from_allowing_a_call(changes: dict[str, Any], country: str, reason: str | None) -> None:
    assert objection(worth(consent(**changes), country), NOW) == reason


def test_strict_evidence_also_asks_for_the_page_and_the_forms_own_time() -> None:
    bare = consent(at=None)
    assert worth(bare).missing == ()
    assert worth(bare, strict=True).missing == ("url", "at")
    assert worth(consent(at=None, url="https://x.example"), strict=True, submitted_at=NOW).missing == ()


def test_a_consent_taken_back_is_none_from_that_moment_on() -> None:
    taken_back = worth(consent(), revoked_at=NOW)
    assert objection(taken_back, NOW - timedelta(seconds=1)) is None
    assert objection(taken_back, NOW) == "consent_revoked"
