"""Phone numbers: parsing to E.164 and refusing what must never be dialled (toll-fraud ranges, special services).

Decides from libphonenumber's metadata only, with no I/O. The full rules by jurisdiction live in `dialer/`.
"""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType as Type

# Types that cost the caller or reach no person: ITU shared/premium services and pagers.
UNDIALABLE = {
    Type.PREMIUM_RATE: "premium_rate",
    Type.SHARED_COST: "shared_cost",
    Type.TOLL_FREE: "toll_free",
    Type.UAN: "uan",
    Type.PAGER: "pager",
    Type.VOICEMAIL: "voicemail",
    Type.PERSONAL_NUMBER: "personal_number",
}


MEANT = {"UK": "GB", "EL": "GR"}
"""What people and forms write for a country that ISO 3166 calls otherwise."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A dialable number: `e164` is "+" and 8-15 digits, `country` an ISO 3166 code."""

    e164: str
    country: str


@dataclass(frozen=True, slots=True)
class Undialable:
    """Why a typed number cannot be called; `reason` is one of our words, never the number."""

    reason: str


def parse(typed: str, country: str | None, allowed: frozenset[str]) -> Phone | Undialable:
    """Read what a person typed, with `country` (ISO) as the default region, against the campaign's allowed countries."""
    named = (country or "").strip().upper()
    region: str | None = MEANT.get(named, named)
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = next(iter(allowed)) if len(allowed) == 1 else None
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return Undialable("not_a_phone_number")
    if not phonenumbers.is_valid_number(number):
        return Undialable("not_a_valid_number")
    found = phonenumbers.region_code_for_number(number)
    if found is None or found == "001":
        return Undialable("non_geographic")
    kind = phonenumbers.number_type(number)
    if kind in UNDIALABLE:
        return Undialable(UNDIALABLE[kind])
    if allowed and found not in allowed:
        return Undialable("country_not_allowed")
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), found)
