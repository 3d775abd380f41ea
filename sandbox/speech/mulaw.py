"""G.711 μ-law by table: 16-bit samples to bytes and back, and the constants of a telephone line.

The standard library's `audioop` did this until Python 3.13 removed it.
"""

from collections.abc import Iterable, Sequence

RATE = 8000
FRAME_BYTES = 160
SILENCE = b"\xff"

_BIAS = 0x84
_CLIP = 32635


def _decoded(code: int) -> int:
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + _BIAS << (inverted >> 4 & 7)) - _BIAS
    return -magnitude if inverted & 0x80 else magnitude


def _encoded(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


_DECODE = [_decoded(code) for code in range(256)]
_ENCODE = bytes(_encoded(high << 2) for high in range(-8192, 8192))  # 14 bits decide; the two lowest never do


def encode(samples: Iterable[int]) -> bytes:
    """Samples (-32768..32767) as one μ-law byte each."""
    return bytes([_ENCODE[(sample >> 2) + 8192] for sample in samples])


def decode(mulaw: bytes) -> list[int]:
    """One 16-bit sample for each byte."""
    return [_DECODE[code] for code in mulaw]


def padded(mulaw: bytes) -> bytes:
    """The same sound, ended with silence so that it fills whole 20 ms frames."""
    return mulaw + SILENCE * (-len(mulaw) % FRAME_BYTES)


def silence(milliseconds: int) -> bytes:
    return SILENCE * (RATE * milliseconds // 1000)


def peak(samples: Sequence[int]) -> int:
    return max((abs(sample) for sample in samples), default=0)
