"""Where a number and a form say somebody may be: our own tables, all candidates, and never libphonenumber's zones."""

import pytest

from campaign.phone import Phone, parse
from campaign.zones import is_place
from dialer import law, resolver
from dialer.resolver import Declared, resolve

AU = "Adelaide Brisbane Darwin Hobart Melbourne Perth Sydney"
NORTH = "Cambridge_Bay Dawson Inuvik Iqaluit Rankin_Inlet Resolute Whitehorse"


def groups(e164: str, **declared: str) -> dict[str, str]:
    """Jurisdictions with the last part of each zone's name, in order of the alphabet."""
    number = parse(e164, None, frozenset())
    assert isinstance(number, Phone), number
    place = resolve(number, Declared(**declared), law.shipped())
    return {name: " ".join(sorted(zone.rpartition("/")[2] for zone in zones)) for name, zones in place.groups}


@pytest.mark.parametrize(
    ("e164", "found"),
    [
        ("+12125550123", {"US-NY": "New_York"}),
        ("+18504345555", {"US-FL": "Chicago New_York"}),
        ("+14482345678", {"US-FL": "Chicago New_York"}),
        ("+12193456789", {"US-IN": "Chicago New_York"}),
        ("+19302345678", {"US-IN": "Chicago New_York"}),
        ("+12702345678", {"US-KY": "Chicago New_York"}),
        ("+13642345678", {"US-KY": "Chicago New_York"}),
        ("+14232345678", {"US-TN": "Chicago New_York"}),
        ("+12085551234", {"US-ID": "Boise Los_Angeles"}),
        ("+16055550123", {"US-SD": "Chicago Denver"}),
        ("+16025550123", {"US-AZ": "Phoenix"}),
        ("+18082345555", {"US-HI": "Honolulu"}),
        ("+12015550123", {"US-NJ": "New_York", "US-NY": "New_York"}),
        ("+17875551234", {"US": "Puerto_Rico"}),
        ("+16712345678", {"US": "Guam"}),
        ("+16042345678", {"CA": "Vancouver"}),
        ("+14032345678", {"CA": "Edmonton"}),
        ("+12042345678", {"CA": "Winnipeg"}),
        ("+13062345678", {"CA": "Regina"}),
        ("+18672345678", {"CA": NORTH}),
        ("+17092345678", {"CA": "Goose_Bay St_Johns"}),
        ("+61293744000", {"AU-NSW": "Sydney"}),
        ("+61265631234", {"AU-NSW": "Lord_Howe"}),
        ("+61393744000", {"AU": "Hobart Melbourne"}),
        ("+61732101234", {"AU-QLD": "Brisbane"}),
        ("+61893218888", {"AU": "Adelaide Darwin Perth"}),
        ("+61412345678", {"AU": AU}),
        ("+447911123456", {"GB": "London"}),
        ("+442071838750", {"GB": "London"}),
        ("+33162345678", {"FR": "Paris"}),
        ("+6591234567", {"SG": "Singapore"}),
    ],
)
def test_a_number_alone(e164: str, found: dict[str, str]) -> None:
    """compliance.md R05-R15 and section 10: overlays, split codes, Australia's prefixes, crown dependencies."""
    assert groups(e164) == found


@pytest.mark.parametrize(
    ("e164", "declared", "found"),
    [
        (
            "+13055550123",
            {"zone": "America/Chicago", "region": "TX"},
            {"US": "Chicago New_York", "US-TX": "Chicago", "US-FL": "New_York"},
        ),
        (
            "+12125550123",
            {"zone": "America/Los_Angeles", "region": "California"},
            {"US": "Los_Angeles New_York", "US-CA": "Los_Angeles"},
        ),
        ("+12125550123", {"zone": "America/Los_Angeles"}, {"US": "Los_Angeles New_York", "US-NY": "New_York"}),
        (
            "+15035550123",
            {"region": "us-wa"},
            {"US": "Los_Angeles", "US-WA": "Los_Angeles", "US-OR": "Los_Angeles"},
        ),
        ("+13055550123", {"region": "FL"}, {"US": "Chicago New_York", "US-FL": "Chicago New_York"}),
        ("+12125550123", {"postcode": "73301-0001"}, {"US": "Chicago Denver New_York", "US-TX": "Chicago Denver"}),
        ("+61412345678", {"zone": "Australia/Perth"}, {"AU": "Perth"}),
        ("+61412345678", {"region": "QLD"}, {"AU": "Brisbane", "AU-QLD": "Brisbane"}),
        ("+61412345678", {"postcode": "3000"}, {"AU": "Melbourne", "AU-VIC": "Melbourne"}),
        ("+61412345678", {"zone": "Europe/London"}, {"AU": " ".join(sorted([*AU.split(), "London"]))}),
        ("+61412345678", {"zone": "Nonsense/Zone", "region": "Atlantis", "postcode": "?"}, {"AU": AU}),
        ("+61412345678", {"zone": "UTC"}, {"AU": AU}),
        ("+61412345678", {"region": "US-TX"}, {"AU": AU}),
    ],
)
def test_what_the_form_adds(e164: str, declared: dict[str, str], found: dict[str, str]) -> None:
    """R17: a declared place is added to an area code's; presumption states stay in; a mobile believes the form."""
    assert groups(e164, **declared) == found


def test_nothing_known_is_no_zone_and_no_group() -> None:
    place = resolve(Phone("+99912345678", "ZZ"), Declared(), law.shipped())
    assert (place.zones, place.groups) == ((), ())


def test_every_zone_of_the_tables_exists_and_every_state_has_a_row() -> None:
    rows = law.shipped().rows
    codes = resolver._area_codes().values()
    for zones in [*(zones for _, _, zones in codes), *(zones for _, zones in resolver._prefixes().values())]:
        assert zones
        assert all(is_place(zone) for zone in zones)
    assert all(is_place(zone) for zones in resolver._countries().values() for zone in zones)
    assert {f"US-{state}" for country, states, _ in codes if country == "US" for state in states} <= rows.keys()
    assert all(name in rows for names, _ in resolver._prefixes().values() for name in names)
    assert all(name in rows for names in resolver._postcodes().values() for name in names)
    assert len(resolver._area_codes()) > 410
