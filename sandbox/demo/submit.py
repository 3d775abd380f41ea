"""Sends a lead the way a website's backend does: Standard Webhooks signature over the raw body, JSON or form-encoded."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx


def encode(payload: dict[str, Any], *, form: bool) -> tuple[bytes, str]:
    """The body and its content type; a form's nested keys are dotted."""
    if not form:
        return json.dumps(payload).encode(), "application/json"
    return urlencode(list(_dotted(payload))).encode(), "application/x-www-form-urlencoded"


def _dotted(value: dict[str, Any], prefix: str = "") -> Any:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _dotted(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(inner).lower() if isinstance(inner, bool) else str(inner)


def signed(body: bytes, secret: str, offset: float) -> dict[str, str]:
    """Standard Webhooks headers; the timestamp is business time, as the product's clock is shifted in the sandbox."""
    message_id = f"msg_{uuid.uuid4().hex}"
    timestamp = str(int((datetime.now(UTC) + timedelta(seconds=offset)).timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


async def post(
    client: httpx.AsyncClient, source: str, payload: dict[str, Any], *, form: bool, secret: str, offset: float
) -> dict[str, Any]:
    """Submit one lead; the door's answer as it came, with its HTTP status under `http`."""
    body, content_type = encode(payload, form=form)
    headers = {"content-type": content_type, **signed(body, secret, offset)}
    answer = await client.post(f"/leads/{source}", content=body, headers=headers)
    return {**answer.json(), "http": answer.status_code}
