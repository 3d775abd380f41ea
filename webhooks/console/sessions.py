"""Signed console sessions: a cookie that says when it ends, bound to the API token, so that a new token ends them all.

Pure: keys and times are arguments. A form token derived from the session guards every change against other sites.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from campaign.settings import Settings

COOKIE = "firstring_session"
LASTS = timedelta(hours=12)


def begin(settings: Settings, now: datetime) -> str:
    claim = f"{int((now + LASTS).timestamp())}.{secrets.token_hex(16)}"
    return f"{claim}.{_mac(settings, 'session', claim)}"


def valid(settings: Settings, cookie: str | None, now: datetime) -> bool:
    claim, _, proof = (cookie or "").rpartition(".")
    ends, _, _ = claim.partition(".")
    if not hmac.compare_digest(proof.encode(), _mac(settings, "session", claim).encode()):
        return False
    return int(ends) > now.timestamp()


def form_token(settings: Settings, cookie: str) -> str:
    return _mac(settings, "form", cookie)


def _mac(settings: Settings, purpose: str, claim: str) -> str:
    bound = hashlib.sha256(settings.bearer_token.encode()).hexdigest()
    return hmac.new(settings.signing_key, f"console\n{purpose}\n{bound}\n{claim}".encode(), hashlib.sha256).hexdigest()
