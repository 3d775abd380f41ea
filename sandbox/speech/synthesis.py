"""Speaks with a synthesiser of the machine, when one is installed: flite first, espeak-ng where flite has no voice.

Answers samples with their rate, or None when no synthesiser is there or it fails.
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
_ESPEAK_VOICES = {"ava": "en-us+f3", "kal": "en-us", "rms": "en-us+m3", "awb": "en-gb-scotland"}
SPANISH_VOICES = {"eva": "es-419+f3", "leo": "es-419+m3"}
_WORDS_A_MINUTE = {"eva": 225, "leo": 210}
_PATIENCE_S = 20


@cache
def program(name: str) -> str | None:
    return shutil.which(name)


def synthesise(text: str, voice: str) -> tuple[list[int], int] | None:
    """(samples, rate) of `text` in one of our voices."""
    if voice in FLITE_VOICES and (flite := program("flite")):
        return _recorded([flite, "-voice", FLITE_VOICES[voice], "-t", text, "-o"])
    if espeak := program("espeak-ng"):
        spoken, pace = (_ESPEAK_VOICES | SPANISH_VOICES).get(voice, "en-us"), str(_WORDS_A_MINUTE.get(voice, 155))
        return _recorded([espeak, "-v", spoken, "-s", pace, "--stdin", "-w"], text)
    return None


def _recorded(command: list[str], typed: str = "") -> tuple[list[int], int] | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        try:
            subprocess.run(  # noqa: S603 - the program was found on the PATH, the text is one argument or its input
                [*command, str(path)], input=typed.encode(), capture_output=True, timeout=_PATIENCE_S, check=True
            )
        except subprocess.SubprocessError:
            return None
        if not path.exists():
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
