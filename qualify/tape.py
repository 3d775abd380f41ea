"""A call as the events it was made of, without audio: for replay, bug reports and evals. zlib over JSON lines.

The first line says under which terms the session ran; each further line is `[seconds, event]`. Audio events keep only
their length; the person's frames are left out.
"""

import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from qualify import events as ev
from qualify.audio import size

_LEFT_OUT = (ev.CallerAudio, ev.ClockRang)
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[float, ev.Event])
MAX_BYTES = 4_000_000


class Tape:
    """Written as the call goes on; compressed at once, so it stays small in memory."""

    __slots__ = ("_parts", "_size", "_started", "_zip", "full")

    def __init__(self, started: float, header: dict[str, Any]) -> None:
        self._zip = zlib.compressobj(6)
        self._parts: list[bytes] = []
        self._size = 0
        self._started = started
        self.full = False
        self._write(_ENCODER.encode(header))

    def add(self, event: ev.Event, now: float) -> None:
        if isinstance(event, _LEFT_OUT) or self.full:
            return
        seconds = round(now - self._started, 3)
        if type(event) is ev.AgentAudio:
            line: Any = (
                seconds,
                {
                    "what": "agentaudio",
                    "response_id": event.response_id,
                    "item_id": event.item_id,
                    "payload": "",
                    "bytes": size(event.payload),
                },
            )
        else:
            line = (seconds, event)
        self._write(_ENCODER.encode(line))

    def close(self) -> bytes:
        return b"".join(self._parts) + self._zip.flush()

    def _write(self, line: bytes) -> None:
        packed = self._zip.compress(line + b"\n")
        if packed:
            self._parts.append(packed)
            self._size += len(packed)
            self.full = self._size > MAX_BYTES


def read(tape: bytes) -> tuple[dict[str, Any], Iterator[tuple[float, ev.Event]]]:
    """The header, and the events with their seconds. Audio comes back as silence of the same length."""
    lines = zlib.decompress(tape).splitlines()
    return msgspec.json.decode(lines[0]), (_event(line) for line in lines[1:])


def _event(line: bytes) -> tuple[float, ev.Event]:
    seconds, raw = msgspec.json.decode(line)
    if raw.get("what") == "agentaudio":
        return seconds, ev.AgentAudio(raw["response_id"], raw["item_id"], b64encode(b"\xff" * raw["bytes"]).decode())
    return _DECODER.decode(line)
