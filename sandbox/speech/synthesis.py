"""Speaks with a synthesiser of the machine, when one is installed: flite first, espeak-ng where flite has no voice.

Answers samples with their rate, or None when no synthesiser is there; never raises for a missing program.
"""

import array
import io
import shutil
import subprocess
import sys
import tempfile
import wave
from functools import cache
from pathlib import Path

FLITE_VOICES = {"ava": "slt", "kal": "kal", "rms": "rms", "awb": "awb"}
_ESPEAK_VOICES = {"ava": "en-us+f3", "kal": "en-us", "rms": "en-us+m3", "awb": "en-gb-scotland", "es": "es-419+f3"}
_PATIENCE_S = 20


@cache
def program(name: str) -> str | None:
    return shutil.which(name)


def synthesise(text: str, voice: str) -> tuple[list[int], int] | None:
    """(samples, rate) of `text` in one of our voices."""
    if voice in FLITE_VOICES and (flite := program("flite")):
        return _recorded([flite, "-voice", FLITE_VOICES[voice], "-t", text, "-o"])
    if espeak := program("espeak-ng"):
        return _recorded([espeak, "-v", _ESPEAK_VOICES.get(voice, "en-us"), "-s", "155", text, "-w"])
    return None


def _recorded(command: list[str]) -> tuple[list[int], int] | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        finished = subprocess.run([*command, str(path)], capture_output=True, timeout=_PATIENCE_S, check=False)  # noqa: S603
        if finished.returncode or not path.exists():
            return None
        return read_wav(path.read_bytes())


def read_wav(content: bytes) -> tuple[list[int], int]:
    """Samples and rate of a 16-bit mono WAV."""
    with wave.open(io.BytesIO(content)) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
        rate = sound.getframerate()
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tolist(), rate
