"""Sound in the three formats a session may choose; inside the server everything is 8 kHz μ-law, 8 bytes a millisecond.

`to_mulaw` and `from_mulaw` translate at the edge (`audio/pcm` is 24 kHz, 16 bit, little endian; a third of its
samples are kept or each is repeated: good enough for a default nobody should be using). `level` is the energy the
turn detector reads.
"""

import struct
from array import array
from functools import cache

MULAW_BYTES_PER_MS = 8
FRAME_BYTES = 160
FORMATS = ("audio/pcm", "audio/pcmu", "audio/pcma")
BYTES_PER_MS = {"audio/pcm": 48, "audio/pcmu": 8, "audio/pcma": 8}


def _expand_mulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - magnitude if code & 0x80 else magnitude - 0x84


def _compress_mulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def _expand_alaw(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


_LINEAR = tuple(_expand_mulaw(code) for code in range(256))
_LEVEL = bytes(min(255, abs(sample) // 128) for sample in _LINEAR)
_PCM24 = tuple(struct.pack("<h", sample) * 3 for sample in _LINEAR)
_FROM_ALAW = bytes(_compress_mulaw(_expand_alaw(code)) for code in range(256))
_TO_ALAW = bytes(min(range(256), key=lambda code, s=sample: abs(_expand_alaw(code) - s)) for sample in _LINEAR)  # type: ignore[misc]


def level(mulaw: bytes) -> float:
    """Mean magnitude, 0 (digital silence) to 255 (full scale); a translate and a sum keep it near 1 μs a frame."""
    return sum(mulaw.translate(_LEVEL)) / len(mulaw) if mulaw else 0.0


def to_mulaw(data: bytes, kind: str) -> bytes:
    if kind == "audio/pcmu":
        return data
    if kind == "audio/pcma":
        return data.translate(_FROM_ALAW)
    samples = array("h", data[: len(data) // 6 * 6])[::3]
    return bytes(map(_compress_16_bit, samples))


def from_mulaw(mulaw: bytes, kind: str) -> bytes:
    if kind == "audio/pcmu":
        return mulaw
    if kind == "audio/pcma":
        return mulaw.translate(_TO_ALAW)
    return b"".join(map(_PCM24.__getitem__, mulaw))


@cache
def _compress_16_bit(sample: int) -> int:
    return _compress_mulaw(sample)
