"""How tests speak to the doors: who we pretend to be, named payloads, and authentic signatures."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from twilio.request_validator import RequestValidator

from campaign import clock, ids
from webhooks import standard_webhooks

PUBLIC = "https://voice.example.com"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ACCOUNT = "AC00000000000000000000000000000001"
AUTH_TOKEN = "test_auth_token_0123456789abcdef"
API_TOKEN = "api-token-of-the-tests"
FIXTURES = Path(__file__).parent / "fixtures"
FORM = "application/x-www-form-urlencoded"


def fixture(source: str, case: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / source / f"{case}.json").read_text())
    return loaded


def signed(
    body: bytes,
    *,
    message_id: str | None = None,
    at: datetime | None = None,
    secret: str = SECRET,
    kind: str = "application/json",
) -> dict[str, Any]:
    """Arguments for `web.post`: an authentic lead message."""
    key = standard_webhooks.keys(secret)[0]
    headers = standard_webhooks.sign(key, message_id or ids.new("msg"), at or clock.now(), body)
    return {"content": body, "headers": {**headers, "content-type": kind}}


def from_twilio(path: str, params: dict[str, str], token: str = AUTH_TOKEN) -> dict[str, Any]:
    """Arguments for `web.post`: a message signed as Twilio signs it, for our account."""
    given = {"AccountSid": ACCOUNT, **params}
    signature = RequestValidator(token).compute_signature(PUBLIC + path, given)
    return {"url": path, "data": given, "headers": {"X-Twilio-Signature": signature}}
