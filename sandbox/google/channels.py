"""Push channels: which calendar is watched by whom, and the notifications due (headers only, no body, no signature)."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.google.problems import Problem, invalid, required
from sandbox.local import clock

_DEFAULT_TTL_S, _MAX_TTL_S = 604_800, 2_592_000
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(slots=True)
class Channel:
    id: str
    calendar_id: str
    address: str
    token: str | None
    expires: datetime
    owner: str
    messages: int = 0

    @property
    def resource_id(self) -> str:
        return hashlib.sha256(self.calendar_id.encode()).hexdigest()[:27]

    @property
    def resource_uri(self) -> str:
        return f"https://www.googleapis.com/calendar/v3/calendars/{self.calendar_id}/events?alt=json"

    def shown(self) -> dict[str, Any]:
        answer = {
            "kind": "api#channel",
            "id": self.id,
            "resourceId": self.resource_id,
            "resourceUri": self.resource_uri,
            "expiration": str(int(self.expires.timestamp() * 1000)),
        }
        return answer | ({"token": self.token} if self.token else {})


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to send."""

    address: str
    headers: dict[str, str]


@dataclass(slots=True)
class Channels:
    live: dict[str, Channel] = field(default_factory=dict)

    def open(self, calendar_id: str, body: dict[str, Any], owner: str) -> Channel:
        channel_id = body.get("id")
        if not isinstance(channel_id, str) or not 1 <= len(channel_id) <= 64:
            raise required("Missing or invalid channel id.", "id")
        if channel_id in self.live:
            raise Problem(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        if body.get("type") not in ("web_hook", "webhook"):
            raise Problem(400, "channelUnknown", "Unknown channel type")
        if len(body.get("token") or "") > 256:
            raise invalid("Channel token is too long.", "token")
        channel = Channel(
            channel_id, calendar_id, _address(body.get("address")), body.get("token"), _expiry(body), owner
        )
        self.live[channel_id] = channel
        return channel

    def stop(self, body: dict[str, Any]) -> None:
        channel = self.live.get(str(body.get("id")))
        if channel is None or body.get("resourceId") != channel.resource_id:
            raise Problem(404, "notFound", f"Channel '{body.get('id')}' not found for project 'firstring-sandbox'")
        del self.live[channel.id]

    def notices(self, calendar_id: str) -> list[Notice]:
        """`exists`, for every channel that watches this calendar and has not expired."""
        now = clock.now()
        self.live = {key: channel for key, channel in self.live.items() if channel.expires > now}
        return [notice(one, "exists") for one in self.live.values() if one.calendar_id == calendar_id]


def notice(channel: Channel, state: str) -> Notice:
    """The channel's next numbered message: `sync` right after creation, `exists` for a change."""
    channel.messages += 1
    headers = {
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": format_datetime(channel.expires.astimezone(UTC), usegmt=True),
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-URI": channel.resource_uri,
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": str(channel.messages),
    }
    return Notice(channel.address, headers | ({"X-Goog-Channel-Token": channel.token} if channel.token else {}))


def _address(address: Any) -> str:
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    # The one leniency: plain HTTP to a loopback address, where no certificate can be had.
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise Problem(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
    return str(address)


def _expiry(body: dict[str, Any]) -> datetime:
    now = clock.now()
    ttl = str((body.get("params") or {}).get("ttl", _DEFAULT_TTL_S))
    if body.get("expiration"):
        asked = datetime.fromtimestamp(int(body["expiration"]) / 1000, UTC)
    elif ttl.isdigit():
        asked = now + timedelta(seconds=int(ttl))
    else:
        raise invalid("Invalid value for: ttl", "params.ttl")
    if asked <= now:
        raise invalid("Channel expiration is in the past.", "expiration")
    return min(asked, now + timedelta(seconds=_MAX_TTL_S))
