"""The sound of a call kept while it is recorded, and the WAV made of it: 8 kHz, 16 bit, one or two channels.

Two channels: 1 is the person called, 2 is what was played to them (measured order of API recordings, the reverse of
Twilio's text). One channel is the true sum of both.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field

from sandbox.twilio.wire import SILENT_FRAME


def _linear(code: int) -> int:
    code = ~code & 0xFF
    size = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - size if code & 0x80 else size - 0x84


LINEAR = tuple(_linear(code) for code in range(256))
LOW = bytes(value & 0xFF for value in LINEAR)
HIGH = bytes(value >> 8 & 0xFF for value in LINEAR)


@dataclass
class Tape:
    paused: bool = False
    keep_silence: bool = False
    called: bytearray = field(default_factory=bytearray)
    calling: bytearray = field(default_factory=bytearray)

    def add(self, called: bytes, calling: bytes) -> None:
        if self.paused and not self.keep_silence:
            return
        self.called += SILENT_FRAME if self.paused else called
        self.calling += SILENT_FRAME if self.paused else calling

    @property
    def seconds(self) -> float:
        return len(self.called) / 8000


def wav(tape: Tape, channels: int, track: str) -> bytes:
    called, calling = bytes(tape.called), bytes(tape.calling)
    if channels == 2:
        samples = bytearray(4 * len(called))
        samples[0::4], samples[1::4] = called.translate(LOW), called.translate(HIGH)
        samples[2::4], samples[3::4] = calling.translate(LOW), calling.translate(HIGH)
        return _header(len(samples), 2) + bytes(samples)
    if track in ("inbound", "outbound"):
        one = called if track == "inbound" else calling
        mono = array("h", (LINEAR[code] for code in one))
    else:
        mono = array("h", map(_sum, called, calling))
    return _header(2 * len(mono), 1) + mono.tobytes()


def _sum(one: int, other: int) -> int:
    return max(-32768, min(32767, LINEAR[one] + LINEAR[other]))


def _header(length: int, channels: int) -> bytes:
    step = 2 * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, channels, 8000, 8000 * step, step, 16, b"data", length),
    )
