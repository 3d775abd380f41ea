"""A call as the events it was made of, without audio: for replay, bug reports and evals. zlib over JSON lines.

The first line says under which terms the session ran; each further line is `[seconds, event]`. Audio keeps only its length, and
what comes within 200 ms is one event: `[ms, bytes]` is more audio of the item whose audio came before. The person's frames are
left out. Compressed blocks go to a file without a name, which ends with the process.
"""

import tempfile
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
import structlog

from qualify import events as ev
from qualify.audio import size

log = structlog.get_logger()
_LEFT_OUT = frozenset({ev.CallerAudio, ev.ClockRang})
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[float, ev.Event])
BLOCK = 8 * 1024
"""Lines wait in plain text until there are this many bytes: a call then costs no compressor of its own, which is 260 kB."""
MAX_BYTES = 4_000_000
IN_MEMORY = 16 * 1024
"""Compressed bytes that wait for no disk."""
TOGETHER = 0.2
"""Seconds of arriving audio that are one event."""


class Tape:
    """Written as the call goes on; compressed block by block, so it stays small in memory."""

    __slots__ = ("_audio", "_blocks", "_item", "_lines", "_response", "_size", "_started", "_together_until", "full")

    def __init__(self, started: float, header: dict[str, Any]) -> None:
        self._lines = bytearray(_ENCODER.encode(header) + b"\n")
        self._blocks = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._size = 0
        self._started = started
        self._response = self._item = ""
        self._audio = 0
        self._together_until = 0.0
        self.full = False

    def add(self, event: ev.Event, now: float) -> None:
        if type(event) is ev.AgentAudio:
            if event.item_id != self._item or now >= self._together_until:
                self._begin_audio(event, now)
            self._audio += size(event.payload)
        elif type(event) not in _LEFT_OUT and not self.full:
            self._end_audio()
            self._write(_ENCODER.encode((round(now - self._started, 3), event)) + b"\n")

    def close(self) -> bytes:
        """The whole tape; nothing can be added any more."""
        self._end_audio()
        self._pack()
        self.full = True
        with self._blocks as blocks:
            blocks.seek(0)
            return blocks.read(self._size)  # not what a full disk took of the last block

    def _begin_audio(self, event: ev.AgentAudio, now: float) -> None:
        self._end_audio()
        self._together_until = now + TOGETHER
        if (event.response_id, event.item_id) != (self._response, self._item):
            self._response, self._item = event.response_id, event.item_id
            told = {"what": "agentaudio", "response_id": event.response_id, "item_id": event.item_id}
            self._write(_ENCODER.encode((round(now - self._started, 3), told)) + b"\n")

    def _end_audio(self) -> None:
        if self._audio:
            began = self._together_until - TOGETHER - self._started
            self._write(b"[%d,%d]\n" % (began * 1000 + 0.5, self._audio))
        self._audio, self._together_until = 0, 0.0

    def _write(self, line: bytes) -> None:
        if self.full:
            return
        self._lines += line
        if len(self._lines) >= BLOCK:
            self._pack()

    def _pack(self) -> None:
        """Each block is a zlib stream of its own. Without room on the disk the tape is full; the call goes on."""
        if not self._lines:
            return
        try:
            self._size += self._blocks.write(zlib.compress(self._lines, 6))
        except OSError as error:
            log.warning("no more of the call is taped", error=type(error).__name__)
            self.full = True
        self.full = self.full or self._size > MAX_BYTES
        self._lines.clear()


def read(tape: bytes) -> tuple[dict[str, Any], Iterator[tuple[float, ev.Event]]]:
    """The header, and the events with their seconds. Audio comes back as silence of the same length."""
    lines = _unpacked(tape).splitlines()
    return msgspec.json.decode(lines[0]), _events(lines[1:])


def _unpacked(tape: bytes) -> bytes:
    plain = b""
    while tape:
        block = zlib.decompressobj()
        plain += block.decompress(tape)
        tape = block.unused_data
    return plain


def _events(lines: list[bytes]) -> Iterator[tuple[float, ev.Event]]:
    item = ("", "")
    for line in lines:
        at, what = msgspec.json.decode(line)
        if isinstance(what, int):
            yield at / 1000, ev.AgentAudio(*item, b64encode(b"\xff" * what).decode())
        elif what.get("what") == "agentaudio":
            item = what["response_id"], what["item_id"]
        else:
            yield _DECODER.decode(line)
