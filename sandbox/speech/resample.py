"""Brings any sample rate down to the telephone's 8 kHz: a windowed-sinc filter, computed once for each ratio.

Pure arithmetic; a second of 16 kHz speech takes some 15 ms. Frequencies above 3.6 kHz go, as on a phone line.
"""

import math
from collections.abc import Sequence
from functools import cache
from operator import mul

from sandbox.speech.mulaw import RATE

_CUTOFF_HZ = 3600.0
_HALF_WIDTH_S = 0.0012


@cache
def _phases(rate: int) -> tuple[int, int, list[list[float]]]:
    """Filter taps for every fractional position an output sample can have between two input samples."""
    common = math.gcd(rate, RATE)
    phase_count, step = RATE // common, rate // common
    reach = int(rate * _HALF_WIDTH_S)
    phases = [_taps(rate, reach, phase / phase_count) for phase in range(phase_count)]
    return phase_count, step, [[tap / sum(taps) for tap in taps] for taps in phases]


def _taps(rate: int, reach: int, fraction: float) -> list[float]:
    width = 2 * _CUTOFF_HZ / rate
    distances = [offset - fraction for offset in range(-reach + 1, reach + 1)]
    edges = [0.5 + 0.5 * math.cos(math.pi * distance / (reach + 1)) for distance in distances]
    return [_sinc(distance * width) * edge for distance, edge in zip(distances, edges, strict=True)]


def _sinc(x: float) -> float:
    return 1.0 if abs(x) < 1e-9 else math.sin(math.pi * x) / (math.pi * x)


def to_telephone(samples: Sequence[int], rate: int) -> list[int]:
    """The same speech at 8 kHz."""
    if rate == RATE:
        return list(samples)
    phase_count, step, phases = _phases(rate)
    reach = len(phases[0]) // 2
    source = [0] * (reach - 1) + list(samples) + [0] * (reach + 1)
    out: list[int] = []
    for index in range(len(samples) * phase_count // step):
        whole, phase = divmod(index * step, phase_count)
        value = sum(map(mul, phases[phase], source[whole : whole + 2 * reach]))
        out.append(max(-32768, min(32767, round(value))))
    return out
