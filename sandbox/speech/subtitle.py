"""A caption inside the sound: words that no committed clip holds are announced by a few milliseconds of faint codes.

Speech made at run time, or a mere hum where no synthesiser is installed, has bytes that no ear could know. The caption
goes before it at about -50 dBFS, below what a listener notices, and says who speaks which words.
"""

import zlib

MAGIC = bytes.fromhex("f3 75 fb 78 f1 7a 74 f8 72 f5 fa 71 f9 76 f2 7b 79 f6 73 f7 70 f4 77 f0")
LONGEST = 200
_NIBBLES = bytes([*range(0xF0, 0xF8), *range(0x70, 0x78)])  # never 0xFE, 0xFF, 0x7E, 0x7F: those are silence
_NIBBLE_OF = {code: nibble for nibble, code in enumerate(_NIBBLES)}


def subtitle(text: str, voice: str) -> bytes:
    """The codes that announce `text`, as much of it as LONGEST bytes of UTF-8 hold beside the voice's name."""
    content = f"{voice}\t{text}".encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").encode()
    return MAGIC + _codes(bytes([len(content), zlib.crc32(content) & 0xFF]) + content)


def length_of(codes: bytes) -> int | None:
    """How many bytes the subtitle at the beginning of `codes` takes; None while too few are there to tell."""
    head = _content(codes[len(MAGIC) : len(MAGIC) + 4])
    return len(MAGIC) + 4 + 2 * head[0] if len(head) == 2 else None


def read(codes: bytes) -> tuple[str, str] | None:
    """(text, voice) of a whole subtitle, or None when it was damaged."""
    content = _content(codes[len(MAGIC) :])
    if len(content) < 2 or zlib.crc32(content[2:]) & 0xFF != content[1]:
        return None
    voice, _, text = content[2:].decode("utf-8", "replace").partition("\t")
    return text, voice


def _codes(content: bytes) -> bytes:
    return bytes(code for byte in content for code in (_NIBBLES[byte >> 4], _NIBBLES[byte & 15]))


def _content(codes: bytes) -> bytes:
    nibbles = [_NIBBLE_OF.get(code, 0) for code in codes]
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=False))
