"""Standard Webhooks signatures: `v1,` + base64(HMAC-SHA256(secret, id.timestamp.body)), any of several may match.

Pure and total: whatever bytes a stranger sends, `fault` answers with a word and never raises (the reference library
raises four kinds of exception on garbage). It works on raw header bytes, so no decoding comes before the check.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

TOLERANCE_S = 300
_TIMESTAMP = re.compile(rb"\d{1,12}")
_MESSAGE_ID = re.compile(rb"[\x21-\x7e]{1,256}")
_LONGEST_HEADER = 4096


class BadSecret(ValueError):
    """A configured secret that is not `whsec_` + base64; the message never quotes it."""


def keys(secret: str) -> list[bytes]:
    """The key bytes of one or several (rotation: space-separated) `whsec_…` secrets."""
    found = [_key(one) for one in secret.split()]
    if not found:
        raise BadSecret("the secret is empty")
    return found


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret("the secret is not whsec_ followed by base64") from error
    if not key:
        raise BadSecret("the secret is empty")
    return key


def sign(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers a sender puts on `body`."""
    timestamp = str(int(at.timestamp()))
    signature = _digest(key, message_id.encode(), timestamp.encode(), body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def fault(
    trusted: Sequence[bytes],
    message_id: bytes | None,
    timestamp: bytes | None,
    signatures: bytes | None,
    body: bytes,
    now: datetime,
) -> str | None:
    """Why this message is not authentic, in one of our words, or None when it is."""
    if not (message_id and timestamp and signatures):
        return "missing_signature"
    if (
        not _MESSAGE_ID.fullmatch(message_id)
        or not _TIMESTAMP.fullmatch(timestamp)
        or len(signatures) > _LONGEST_HEADER
    ):
        return "malformed_signature"
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE_S:
        return "stale_timestamp"
    given = [one for one in map(_signature, signatures.split(b" ")) if one]
    expected = [_digest(key, message_id, timestamp, body) for key in trusted]
    matches = [hmac.compare_digest(one, ours) for ours in expected for one in given]
    return None if any(matches) else "wrong_signature"


def _signature(versioned: bytes) -> bytes | None:
    version, _, encoded = versioned.partition(b",")
    if version != b"v1":
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _digest(key: bytes, message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    return hmac.new(key, b".".join((message_id, timestamp, body)), hashlib.sha256).digest()
