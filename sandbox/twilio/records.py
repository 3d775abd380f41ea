"""What this server remembers of a call, a recording and a message: plain values, changed only through the office."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.twilio import lifecycle
from sandbox.twilio.clock import vendor_now
from sandbox.twilio.fields import Fields


def new_sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


@dataclass
class Alert:
    """An entry of Twilio's debugger."""

    code: int
    words: str
    call_sid: str | None
    at: float = field(default_factory=time.time)

    def shown(self) -> dict[str, object]:
        return {"code": self.code, "text": self.words, "call_sid": self.call_sid, "at": self.at}


@dataclass
class Caption:
    """One utterance on the line; milliseconds count from the answer."""

    text: str
    start_ms: int
    end_ms: int
    complete: bool = True

    def shown(self) -> dict[str, object]:
        return {"text": self.text, "start_ms": self.start_ms, "end_ms": self.end_ms, "complete": self.complete}


@dataclass
class StreamLog:
    """What one Media Stream carried."""

    sid: str
    url: str
    parameters: dict[str, str]
    media_received: int = 0
    bytes_received: int = 0
    marks_received: int = 0
    marks_echoed: list[str] = field(default_factory=list)
    clears: list[int] = field(default_factory=list)
    frames_sent: int = 0
    ended: str = ""
    replay: str = ""

    def shown(self) -> dict[str, object]:
        return dict(self.__dict__)


@dataclass
class Call:
    sid: str
    account_sid: str
    to: str
    caller: str
    fields: Fields
    direction: str = "outbound-api"
    parent_sid: str | None = None
    status: str = "queued"
    queue_ms: int = 0
    created: datetime = field(default_factory=vendor_now)
    updated: datetime = field(default_factory=vendor_now)
    started: datetime | None = None
    ended: datetime | None = None
    created_at: float = field(default_factory=time.time)
    answered_at: float | None = None
    hung_up_at: float | None = None
    seconds: int = 0
    sip: int | None = None
    answered_by: str | None = None
    amd: dict[str, object] | None = None
    time_limit: int = 4 * 3600
    sequence: int = 0
    timeline: list[dict[str, object]] = field(default_factory=list)
    webhooks: list[dict[str, object]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    heard: list[Caption] = field(default_factory=list)
    said: list[Caption] = field(default_factory=list)
    heard_bytes: int = 0
    digits: list[str] = field(default_factory=list)
    streams: list[StreamLog] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.status not in lifecycle.TERMINAL

    @property
    def elapsed(self) -> float:
        return time.time() - self.answered_at if self.answered_at else 0.0

    def advance(self, status: str) -> None:
        lifecycle.check(self.status, status)
        self.status, self.updated = status, vendor_now()
        self.timeline.append({"status": status, "at": time.time()})
        if status == "initiated":
            self.started = self.updated  # "null until dialed", whether or not anybody answers
        if status == "in-progress":
            self.answered_at = time.time()
        if status in lifecycle.TERMINAL:
            self.ended = self.updated
            self.seconds = round((self.hung_up_at or time.time()) - self.answered_at) if self.answered_at else 0


@dataclass
class Recording:
    sid: str
    account_sid: str
    call_sid: str
    channels: int
    track: str
    source: str
    status: str = "in-progress"
    created: datetime = field(default_factory=vendor_now)
    updated: datetime = field(default_factory=vendor_now)
    seconds: int | None = None
    callback: str = ""
    callback_method: str = "POST"
    callback_events: tuple[str, ...] = ("completed",)
    ordered: list[str] = field(default_factory=list)
    """Every change of status asked for, in order."""


@dataclass
class Number:
    """What is configured on a number of the account; addresses are empty until set."""

    voice_url: str = ""
    sms_url: str = ""
    status_callback: str = ""


@dataclass
class Message:
    sid: str
    account_sid: str
    to: str
    sender: str
    body: str
    status: str = "queued"
    created: datetime = field(default_factory=vendor_now)
    callback: str = ""
    direction: str = "outbound-api"
    error_code: int | None = None
