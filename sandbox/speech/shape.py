"""Makes raw synthesised speech into a clip: trimmed, evened in loudness, its pauses shortened, whole frames long.

Pauses inside a clip stay under 260 ms, so that no voice detector mistakes a comma for the end of a turn.
"""

from collections.abc import Sequence

from sandbox.speech.mulaw import RATE, encode, padded, peak

_QUIET = 180  # of 32768; flite's own noise floor stays under 100
_BLOCK = RATE // 100
_LEAD_BLOCKS = 2
_LONGEST_PAUSE_BLOCKS = 26
_LOUDNESS = 3000.0  # rms of the voiced blocks, about -21 dBFS
_LOUDEST = 28000


def clip_of(samples: Sequence[int]) -> bytes:
    """μ-law bytes of one line, ready for the library; empty when nothing audible is in it."""
    blocks = [list(samples[at : at + _BLOCK]) for at in range(0, len(samples), _BLOCK)]
    sounding = [index for index, block in enumerate(blocks) if peak(block) > _QUIET]
    if not sounding:
        return b""
    kept = blocks[max(0, sounding[0] - _LEAD_BLOCKS) : sounding[-1] + 1 + _LEAD_BLOCKS]
    return padded(encode(_evened(_with_short_pauses(kept))))


def _with_short_pauses(blocks: list[list[int]]) -> list[int]:
    kept: list[int] = []
    quiet = 0
    for block in blocks:
        quiet = quiet + 1 if peak(block) <= _QUIET else 0
        if quiet <= _LONGEST_PAUSE_BLOCKS:
            kept += block
    return kept


def _evened(samples: list[int]) -> list[int]:
    voiced = [sample for sample in samples if abs(sample) > _QUIET]
    rms = (sum(sample * sample for sample in voiced) / len(voiced)) ** 0.5
    gain = min(_LOUDNESS / rms, _LOUDEST / peak(samples))
    return [int(sample * gain) for sample in samples]
