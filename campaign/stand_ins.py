"""A stand-in for a phone number or an e-mail address that must be recognised after it was erased: a keyed hash.

The key lives in the database: a block list that an environment variable, changed or lost, would silently empty is worse
than one whose owner could test single numbers against it (docs/decisions/0009). Exports carry the key's mark, so that
stand-ins of another installation are refused instead of never matching.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection

from sqlmodel import Session

from campaign import once
from campaign.records import HashKey
from campaign.records.hash_key import ONLY

_FORM = re.compile(r"#([0-9a-f]{4})-[0-9a-f]{40}")


def of(session: Session, value: str) -> str:
    """`#` + mark of the key + `-` + 160 bits; the value itself when it is a stand-in already. Call inside a write transaction."""
    if is_one(value):
        return value
    held = session.get(HashKey, ONLY)
    if held is None:
        once.insert(session, HashKey(id=ONLY, key=secrets.token_hex(32)))
        held = session.get_one(HashKey, ONLY)
    return _made(held.key, value)


def forms(session: Session, value: str) -> tuple[str, ...]:
    """As what a value may stand in a row: itself, and its stand-in if any was ever made here."""
    return tuple(by_form(session, [value]))


def by_form(session: Session, values: Collection[str]) -> dict[str, str]:
    """Each value by what it may stand as in a row."""
    held = session.get(HashKey, ONLY)
    made = {_made(held.key, value): value for value in values if not is_one(value)} if held else {}
    return {value: value for value in values} | made


def is_one(value: str) -> bool:
    return value.startswith("#")


def is_ours(session: Session, value: str) -> bool:
    """Whether a stand-in that came in was made with our key."""
    found, held = _FORM.fullmatch(value), session.get(HashKey, ONLY)
    return found is not None and held is not None and found[1] == _mark(held.key)


def _made(key: str, value: str) -> str:
    digest = hmac.new(bytes.fromhex(key), value.strip().lower().encode(), hashlib.sha256)
    return f"#{_mark(key)}-{digest.hexdigest()[:40]}"


def _mark(key: str) -> str:
    return hashlib.sha256(f"mark {key}".encode()).hexdigest()[:4]
