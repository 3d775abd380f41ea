"""Keeps personal data out of logs: fields marked as personal are masked, and loose phone numbers and e-mails are cut out.

Log sentences are constant; data goes into named fields. A field named here is shown only as a short mask.
"""

import hashlib
import re
from collections.abc import MutableMapping
from typing import Any

PERSONAL = frozenset(
    [
        "phone",
        "to_number",
        "from_number",
        "email",
        "first_name",
        "last_name",
        "name",
        "message",
        "text",
        "transcript",
        "ip",
        "user_agent",
        "body",
    ]
)
_EMAIL = re.compile(r"[^\s@\"']{1,64}@[^\s@\"']+\.[^\s@\"']+")
_NUMBER = re.compile(r"\+?\d[\d ().-]{7,}\d")
_NO_PHONE = re.compile(r"\d{4}-\d\d-\d\d\b|127\.0\.0\.1$|\d+\.\d+$")
"""Digit runs that look like a phone number and are none: dates, the loopback address, decimal fractions."""
# Ids of ours and of providers are hex behind a prefix; they identify rows, not people.
_ID = re.compile(r"^[A-Za-z]{2,8}_?[0-9a-f]{20,}$")


def mask(value: object) -> str:
    """A stable stand-in: equal values look equal, the value itself cannot be read off."""
    digest = hashlib.sha256(str(value).encode()).hexdigest()[:8]
    return f"•{digest}"


def scrub(text: str) -> str:
    """Cut e-mail addresses and phone-like digit runs out of free text (provider errors quote them)."""
    text = _EMAIL.sub(lambda found: mask(found.group()), text)
    return _NUMBER.sub(lambda found: found.group() if _NO_PHONE.match(found.group()) else mask(found.group()), text)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: masks marked fields, scrubs the rest."""
    for key, value in event.items():
        if key in PERSONAL and value is not None:
            event[key] = mask(value)
        elif isinstance(value, str) and key not in ("timestamp", "level", "event") and not _ID.match(value):
            event[key] = scrub(value)
    return event
