"""Phone numbers: parsing to E.164 and refusing what must never be dialled (toll-fraud ranges, special services).

Decides from libphonenumber's metadata only, with no I/O. The full rules by jurisdiction live in `dialer/`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

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


PAY_PER_CALL = re.compile(r"^\+1\d{3}976")
"""The exchange for pay-per-call lines in every North American area code, which the metadata calls ordinary (47 CFR 64.1508)."""
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


@lru_cache(maxsize=2048)
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
    kind = phonenumbers.number_type(number)
    if kind == Type.UNKNOWN:  # as `is_valid_number` says, which would look the type up once more
        return Undialable("not_a_valid_number")
    found = phonenumbers.region_code_for_number(number)
    if found is None or found == "001":
        return Undialable("non_geographic")
    if kind in UNDIALABLE:
        return Undialable(UNDIALABLE[kind])
    if allowed and found not in allowed:
        return Undialable("country_not_allowed")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Undialable("pay_per_call") if PAY_PER_CALL.match(e164) else Phone(e164, found)
