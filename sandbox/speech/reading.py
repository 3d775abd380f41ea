"""Reads one line aloud as a clip, with the few spellings that flite reads wrongly put right."""

import re

from sandbox.speech.resample import to_telephone
from sandbox.speech.shape import clip_of
from sandbox.speech.synthesis import synthesise

_HALF_DAY = re.compile(r"\b([AP])M\b")


def rendered(text: str, voice: str) -> bytes:
    """One line as a finished clip."""
    made = synthesise(_pronounced(text), voice)
    clip = clip_of(to_telephone(*made)) if made else b""
    if not clip:
        raise SystemExit(f"{voice} could not say {text!r}")
    return clip


def _pronounced(text: str) -> str:
    return _HALF_DAY.sub(r"\1 M", text.replace(":00 ", " ")).replace("—", ", ")
