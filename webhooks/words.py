"""Our machine words in plain English, for the timeline and the pages. A word that is not listed reads as itself."""

PLAIN = {
    "scheduled": "waiting",
    "in_call": "on the phone",
    "wrapping_up": "wrapping up",
    "not_qualified": "not a fit",
    "opted_out": "asked not to be called",
    "needs_human": "needs a person",
    "unreachable": "could not be reached",
    "callback": "call back later",
    "no_consent": "no consent was given",
    "suppressed": "this number asked not to be called",
    "not_a_phone_number": "this is not a phone number",
    "not_a_valid_number": "this number cannot exist",
    "country_not_allowed": "we do not call this country",
    "premium_rate": "this is a premium-rate number",
    "toll_free": "this is a toll-free number",
    "outside_calling_hours": "outside calling hours",
    "attempts_exhausted": "no attempts left",
    "too_soon": "too soon after the last attempt",
    "halted": "calling is halted",
    "machine_start": "a machine",
    "already_received": "we already had this lead",
}


def plain(word: str | None) -> str:
    return PLAIN.get(word or "", (word or "").replace("_", " "))
