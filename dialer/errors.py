"""Twilio's create-time error codes and what each means for whom: the table of reference/twilio.md section 13.1.

Message texts vary and are never matched on. A code that is not here is held for review and never redialled (R24).
"""

from enum import StrEnum


class Remedy(StrEnum):
    HALT_ACCOUNT = "halt_account"
    """Credentials, suspension, trial: nothing can be placed; leads keep their state and wait."""
    HALT_CAMPAIGN = "halt_campaign"
    """Our parameters are wrong: a bug of ours or of the campaign; leads wait."""
    DISABLE_CALLER = "disable_caller"
    """This From is not ours, invalid, or on a do-not-originate list; the lead waits for another."""
    WAIT = "wait"
    """Too many at once, or provably not sent; the lead is due again shortly."""
    INVALID_NUMBER = "invalid_number"
    BLOCK_NUMBER = "block_number"
    TRY_LATER = "try_later"
    """Cannot be reached now: the campaign's `failed` policy, at least a day apart."""
    HOLD_COUNTRY = "hold_country"
    """Geo permission: never enabled by us; a person decides."""
    REVIEW = "review"


NOT_SENT = 0
"""Our own code for a request that provably never reached Twilio."""

_ROWS: dict[Remedy, tuple[tuple[int, ...], str]] = {
    Remedy.HALT_ACCOUNT: ((20003, 20005, 20006, 20008, 10001, 10002, 21219, 401, 403), "auth, suspension, trial"),
    Remedy.HALT_CAMPAIGN: (
        (21201, 21205, 21206, 21208, 21209, 21213, 21218, 21234, 21263, 32018, 13256),
        "our parameters are wrong",
    ),
    Remedy.DISABLE_CALLER: ((21210, 21212, 13247, 13214), "caller ID not ours, invalid, or do-not-originate"),
    Remedy.WAIT: ((10004, 20429, 429, NOT_SENT), "call or API concurrency exceeded; or never sent"),
    Remedy.INVALID_NUMBER: ((21211, 21217, 13223, 13226), "not a valid number; To == From is refused before any POST"),
    Remedy.BLOCK_NUMBER: ((21202, 21216, 13225, 32203), "premium number or Twilio's blocklist"),
    Remedy.TRY_LATER: ((21214, 13224), "cannot be reached, or a carrier outage"),
    Remedy.HOLD_COUNTRY: ((21203, 21215, 13227, 32205), "geo permission"),
    Remedy.REVIEW: ((20404, 20409), "unknown account or conflict on create: somebody must look"),
}

CREATE: dict[int, Remedy] = {code: remedy for remedy, (codes, _why) in _ROWS.items() for code in codes}
WHY: dict[int, str] = {code: why for codes, why in _ROWS.values() for code in codes}

CALL_GONE = frozenset({21220, 20404})
"""Ending a call that has ended already is success (R38)."""
NOT_YET = 21220
"""Recording asked for too early after the answer, or too late (R78)."""


def refusal(code: int | None) -> Remedy:
    """What a refused create means."""
    return CREATE.get(NOT_SENT if code is None else code, Remedy.REVIEW)
