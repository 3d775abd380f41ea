"""The generic adapter: one signed POST per effect, as Standard Webhooks (standardwebhooks.com) describes.

`webhook-id` is the outbox entry's id and the same on every try, so the receiver can tell repeats. Only 2xx is success;
410 means the receiver wants no more of it and a person must look.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError
from standardwebhooks.webhooks import Webhook as Signer

from campaign import clock, retry_after
from campaign.errors import Permanent
from campaign.settings import Settings
from crm_sync.adapter import Remember
from crm_sync.errors import CrmRefused, CrmUnavailable
from crm_sync.payload import CrmWrite

TIMEOUT_S = 20.0


class Webhook:
    def __init__(self, settings: Settings) -> None:
        if not settings.crm_webhook_url or not settings.crm_webhook_secret:
            raise Permanent("CRM=webhook needs CRM_WEBHOOK_URL and CRM_WEBHOOK_SECRET", code="crm_settings")
        try:
            self._signer = Signer(settings.crm_webhook_secret)
        except (ValueError, EmptyWebhookSecretError) as error:
            raise Permanent("CRM_WEBHOOK_SECRET is not whsec_ followed by base64", code="crm_settings") from error
        self._url = settings.crm_webhook_url
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)

    def deliver(self, entry_id: str, write: CrmWrite, remote: Mapping[str, Any], remember: Remember) -> list[str]:
        at = clock.now()
        content = message(write)
        headers = {
            "content-type": "application/json",
            "webhook-id": entry_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(entry_id, at, content),
        }
        try:
            response = self._client.post(self._url, content=content.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise CrmUnavailable("no answer from the CRM webhook", reason=type(error).__name__) from error
        if response.is_success:
            return []
        if response.status_code == httpx.codes.GONE:
            raise CrmRefused("the CRM webhook wants no more messages (410)", code="crm_gone", status=410)
        raise CrmUnavailable(
            "the CRM webhook did not take the message",
            retry_after=retry_after.seconds(response.headers.get("retry-after")),
            status=response.status_code,
        )

    def close(self) -> None:
        self._client.close()


def message(write: CrmWrite) -> str:
    """`{type, timestamp, data}`; the same effect always makes the same text."""
    kind = "call.finished" if write.call else "lead.closed"
    content = {"type": kind, "timestamp": write.at, "data": asdict(write)}
    return json.dumps(content, default=_plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
