"""Sounds of a line that are not speech: a voicemail's beep, and the hum that stands for words nobody can say."""

import math

from sandbox.speech.mulaw import RATE, encode, padded

_HUM_MS_PER_LETTER = 65


def beep() -> bytes:
    """The tone after which a caller may leave a message."""
    return padded(_tone(1000, 8000, RATE * 400 // 1000))


def hum(text: str) -> bytes:
    """A soft tone about as long as the text would take to say, within reason."""
    return padded(_tone(160, 900, RATE * _HUM_MS_PER_LETTER * min(90, max(4, len(text))) // 1000))


def _tone(hertz: int, loudest: int, length: int) -> bytes:
    """Swells and fades, so that it neither clicks nor looks like speech cut off."""
    swell = [math.sin(math.pi * at / length) for at in range(length)]
    return encode(int(loudest * math.sin(2 * math.pi * hertz * at / RATE) * swell[at]) for at in range(length))
