"""Twenty milliseconds of audio that say who sent them and when in line they stand: 16 bytes of stamp, then one loud sample.

Nothing between a caller and the model changes a byte, so a stamp is found again however frames were joined or cut.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator

FRAME = 160
SECONDS = 0.02
LOUD = b"\x20" * (FRAME - 16)
SILENCE = b64encode(b"\xff" * FRAME)
SILENT_SAMPLE = 0xFF
_STAMP = struct.Struct(">4sIII")
_WORD = b"beat"


def stamped(caller: int, number: int, extra: int = 0) -> bytes:
    """A frame as base64."""
    return b64encode(_STAMP.pack(_WORD, caller, number, extra) + LOUD)


def stamps(payload: str | bytes) -> Iterator[tuple[int, int, int]]:
    """(caller, number, extra) of every whole frame in there; frames without a stamp are skipped."""
    audio = b64decode(payload)
    for at in range(0, len(audio) - 15, FRAME):
        word, caller, number, extra = _STAMP.unpack_from(audio, at)
        if word == _WORD:
            yield caller, number, extra


def size(payload: str | bytes) -> int:
    """Bytes of audio."""
    padding = payload[-2:].count("=" if isinstance(payload, str) else b"=")
    return len(payload) * 3 // 4 - padding
