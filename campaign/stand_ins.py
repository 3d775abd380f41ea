"""A stand-in for a phone number or an e-mail address that must be recognised after it was erased: a keyed hash.

The key lives in the database: a block list that an environment variable, changed or lost, would silently empty is worse
than one whose owner could test single numbers against it (docs/decisions/0009). Exports carry the key's mark, so that
stand-ins of another installation are refused instead of never matching.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session

from campaign.records import HashKey
from campaign.records.hash_key import ONLY

_FORM = re.compile(r"#([0-9a-f]{4})-[0-9a-f]{40}")


def of(session: Session, value: str) -> str:
    """`#` + mark of the key + `-` + 160 bits; the value itself when it is a stand-in already."""
    return value if is_one(value) else _made(_key(session), value)


def forms(session: Session, value: str) -> tuple[str, ...]:
    """As what a value may stand in a row: itself, and its stand-in."""
    return tuple(by_form(session, [value]))


def by_form(session: Session, values: Collection[str]) -> dict[str, str]:
    """Each value by what it may stand as in a row."""
    key = _key(session)
    return {value: value for value in values} | {_made(key, value): value for value in values if not is_one(value)}


def is_one(value: str) -> bool:
    return value.startswith("#")


def is_ours(session: Session, value: str) -> bool:
    """Whether a stand-in that came in was made with our key."""
    found = _FORM.fullmatch(value)
    return found is not None and found[1] == _mark(_key(session))


def _key(session: Session) -> str:
    """It never changes, so it is read once."""
    bind = session.get_bind()
    if bind not in _keys:
        _keys[bind] = session.get_one(HashKey, ONLY).key
    return _keys[bind]


_keys: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""Of each database."""


def _made(key: str, value: str) -> str:
    digest = hmac.new(bytes.fromhex(key), value.strip().lower().encode(), hashlib.sha256)
    return f"#{_mark(key)}-{digest.hexdigest()[:40]}"


def _mark(key: str) -> str:
    return hashlib.sha256(f"mark {key}".encode()).hexdigest()[:4]
