"""Media Streams messages, both ways: what is sent is spelled here, what comes in is judged here.

A judgement is a value: `Audio`, `MarkHere`, `Clear`, or `Breach` with the alert Twilio would raise. Numbers inside
messages are strings, as documented. Source: twilio.com/docs/voice/media-streams/websocket-messages.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

SILENT_FRAME = b"\xff" * 160
SILENT_PAYLOAD = base64.b64encode(SILENT_FRAME).decode()
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


@dataclass(frozen=True)
class Audio:
    mulaw: bytes


@dataclass(frozen=True)
class MarkHere:
    name: str


@dataclass(frozen=True)
class Clear:
    pass


@dataclass(frozen=True)
class Breach:
    """A message Twilio would not act on."""

    code: int
    words: str


Frame = Audio | MarkHere | Clear | Breach
SHAPES = {"media": {"payload"}, "mark": {"name"}, "clear": None}


def judge(message: str | bytes, stream_sid: str) -> Frame:
    if isinstance(message, bytes):
        return Breach(31950, "binary message")
    try:
        document = json.loads(message)
    except ValueError:
        return Breach(31951, "not JSON")
    if not isinstance(document, dict) or not isinstance(kind := document.get("event"), str):
        return Breach(31951, "no event")
    if kind not in SHAPES:
        return Breach(31951, f"unknown event {kind[:20]!r}")
    if document.get("streamSid") != stream_sid:
        return Breach(31951, f"{kind}: wrong streamSid")
    inner = SHAPES[kind]
    expected = {"event", "streamSid"} | ({kind} if inner else set())
    if set(document) != expected:
        return Breach(31951, f"{kind}: fields {sorted(set(document) ^ expected)} missing or too many")
    if inner is None:
        return Clear()
    body = document[kind]
    if not isinstance(body, dict) or set(body) != inner:
        return Breach(31951, f"{kind}: body must hold exactly {sorted(inner)}")
    return _audio(body["payload"]) if kind == "media" else _mark(body["name"])


def _audio(payload: object) -> Frame:
    if not isinstance(payload, str):
        return Breach(31951, "media: payload is not text")
    try:
        mulaw = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return Breach(31951, "media: payload is not base64")
    if mulaw.startswith(b"RIFF"):
        return Breach(31951, "media: payload has a RIFF header, not raw mulaw")
    return Audio(mulaw)


def _mark(name: object) -> Frame:
    return MarkHere(name) if isinstance(name, str) else Breach(31951, "mark: name is not text")


@dataclass
class Speller:
    """Spells outgoing messages of one stream: one sequence for all kinds, chunks counted from 1."""

    stream_sid: str
    sequence: int = 0
    chunk: int = 0

    def _next(self) -> str:
        self.sequence += 1
        return str(self.sequence)

    def start(self, account_sid: str, call_sid: str, parameters: dict[str, str], encoding: str, rate: int) -> str:
        start = {
            "accountSid": account_sid,
            "streamSid": self.stream_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": encoding, "sampleRate": rate, "channels": 1},
            "customParameters": parameters,
        }
        return self._spell({"event": "start", "sequenceNumber": self._next(), "start": start})

    def media(self, frame: bytes, timestamp_ms: int) -> str:
        """Spelled by hand: fifty a second for each call."""
        self.sequence += 1
        self.chunk += 1
        payload = SILENT_PAYLOAD if frame is SILENT_FRAME else base64.b64encode(frame).decode()
        return (
            f'{{"event":"media","sequenceNumber":"{self.sequence}","media":{{"track":"inbound","chunk":"{self.chunk}",'
            f'"timestamp":"{timestamp_ms}","payload":"{payload}"}},"streamSid":"{self.stream_sid}"}}'
        )

    def mark(self, name: str) -> str:
        return self._spell({"event": "mark", "sequenceNumber": self._next(), "mark": {"name": name}})

    def dtmf(self, digit: str) -> str:
        dtmf = {"track": "inbound_track", "digit": digit}
        return self._spell({"event": "dtmf", "sequenceNumber": self._next(), "dtmf": dtmf})

    def stop(self, account_sid: str, call_sid: str) -> str:
        stop = {"accountSid": account_sid, "callSid": call_sid}
        return self._spell({"event": "stop", "sequenceNumber": self._next(), "stop": stop})

    def _spell(self, document: dict[str, object]) -> str:
        return json.dumps({**document, "streamSid": self.stream_sid}, separators=(",", ":"))
