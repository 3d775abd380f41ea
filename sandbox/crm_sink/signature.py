"""Standard Webhooks verification, written from the specification: pure, total, never raises on hostile input.

Signed content is `id.timestamp.body`, HMAC-SHA256 under the base64 secret after `whsec_`; any `v1,` signature may
match, so a sender can rotate secrets. Timestamps older or newer than five minutes are refused.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence

TOLERANCE_S = 300
_PREFIX = "whsec_"


def decode_secret(secret: str) -> bytes:
    """The key bytes of a `whsec_…` secret; ValueError when it is not base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ followed by base64") from error
    if not 24 <= len(key) <= 64:
        raise ValueError(f"a webhook secret holds 24 to 64 bytes, this one {len(key)}")
    return key


def fault(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now_s: float) -> str | None:
    """Why this delivery is not authentic, or None when it is."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not (message_id and stamp and signatures):
        return "missing_header"
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return "malformed_timestamp"
    if abs(now_s - int(stamp)) > TOLERANCE_S:
        return "timestamp_out_of_tolerance"
    signed = f"{message_id}.{stamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    given = [signature.encode() for signature in signatures.split(" ")]
    matched = any(hmac.compare_digest(one, other) for one in expected for other in given)
    return None if matched else "no_matching_signature"
