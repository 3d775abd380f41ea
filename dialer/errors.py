"""Twilio's create-time error codes and what each means for whom: the `create` rows of `data/outcomes.tsv`.

Message texts vary and are never matched on. A code that is not there is held for review and never redialled (R24).
"""

from enum import StrEnum

from dialer import table


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

CREATE: dict[int, Remedy] = {
    int(code): Remedy(row.action) for code, row in table.rows("create").items() if code != table.DEFAULT
}
WHY: dict[int, str] = {int(code): row.source for code, row in table.rows("create").items() if code != table.DEFAULT}

CALL_GONE = frozenset({21220, 20404})
"""Ending a call that has ended already is success (R38)."""
LIMIT_TOO_LOW = 13216
"""`TimeLimit` of a running call is less than the time it has lasted."""
NOT_YET = 21220
"""Recording asked for too early after the answer, or too late (R78)."""


def refusal(code: int | None) -> Remedy:
    """What a refused create means."""
    return Remedy(table.look_up("create", NOT_SENT if code is None else code).action)
