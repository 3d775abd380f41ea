"""Sounds other than speech: what `<Play>` fetches (8 kHz mono WAV, μ-law or 16-bit PCM) and keypad tones."""

from __future__ import annotations

import math
import struct
from functools import cache

import httpx

from sandbox.twilio.ledger import Ledger
from sandbox.twilio.records import Call
from sandbox.twilio.tape import LINEAR

KEYS = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}
PAUSES = {"w": 0.5, "W": 1.0}


@cache
def _codes() -> bytes:
    """μ-law for each of 4096 linear levels (16 apart)."""
    table = []
    for level in range(-32768, 32768, 16):
        table.append(min(range(256), key=lambda code: abs(LINEAR[code] - level)))
    return bytes(table)


def encode(samples: list[int]) -> bytes:
    codes = _codes()
    return bytes(codes[(sample + 32768) >> 4] for sample in samples)


@cache
def _tone(key: str) -> bytes:
    low, high = KEYS[key]
    wave = (
        int(8000 * (math.sin(2 * math.pi * low * n / 8000) + math.sin(2 * math.pi * high * n / 8000)))
        for n in range(800)
    )
    return encode(list(wave)) + b"\xff" * 480


def tones(digits: str) -> bytes:
    return b"".join(
        b"\xff" * int(8000 * PAUSES[key]) if key in PAUSES else _tone(key) for key in digits if key in KEYS | PAUSES
    )


async def fetch_sound(ledger: Ledger, call: Call, url: str) -> bytes:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.get(url)
            answer.raise_for_status()
        return read_wav(answer.content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        ledger.alarm(11200, f"Play: {type(error).__name__}", call)
    except (ValueError, struct.error) as error:
        ledger.alarm(12300, f"Play: {error}", call)
    return b""


def read_wav(content: bytes) -> bytes:
    """The μ-law of a WAV file; the sandbox plays no other format."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, kind, rate, channels = 12, 0, 0, 0
    while at + 8 <= len(content):
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + length]
        if name == b"fmt ":
            kind, channels, rate = struct.unpack_from("<HHI", body)
        if name == b"data":
            if (rate, channels) != (8000, 1) or kind not in (1, 7):
                raise ValueError(f"format {kind}, {rate} Hz, {channels} channels: wanted 8000 Hz mono PCM16 or mulaw")
            return body if kind == 7 else encode([one for (one,) in struct.iter_unpack("<h", body[: length & ~1])])
        at += 8 + length + (length & 1)
    raise ValueError("no data")
