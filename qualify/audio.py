"""Arithmetic on base64 μ-law text: lengths and cuts without decoding. 8 bytes are one millisecond."""

import re

BYTES_PER_MS = 8
CHUNK_CHARS = 1920
"""1,440 bytes, 180 ms: the largest piece under 200 ms that is whole base64 quanta and whole 20 ms frames."""
MARK_BYTES = 1600
"""At most this much audio (200 ms) stands before a mark."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def size(payload: str) -> int:
    """Bytes in a base64 text."""
    length = len(payload)
    if length < 4:
        return 0
    return length // 4 * 3 - (2 if payload.endswith("==") else 1 if payload.endswith("=") else 0)


def pieces(payload: str) -> list[str]:
    """The same audio in pieces of at most 180 ms; text that already is short enough comes back untouched."""
    if len(payload) <= CHUNK_CHARS:
        return [payload]
    return [payload[at : at + CHUNK_CHARS] for at in range(0, len(payload), CHUNK_CHARS)]


def is_base64(payload: str) -> bool:
    """Whether the text can be pasted between JSON quotes as it is."""
    return len(payload) % 4 == 0 and _BASE64.fullmatch(payload) is not None
