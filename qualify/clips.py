"""Local recordings for when the model's voice is away: raw μ-law that ships with the package, listed in `clips/clips.yaml`."""

import base64
from functools import cache
from importlib import resources

import yaml

from campaign.errors import Permanent
from qualify.audio import CHUNK_CHARS
from qualify.terms import Clip

NEEDED = ("one_moment", "apology_callback")


@cache
def load(language: str) -> dict[str, Clip]:
    """Clips of a language (`en` for `en-AU`; English where there are none), cut ready for sending."""
    folder = resources.files("qualify") / "clips"
    index = folder / "clips.yaml"
    if not index.is_file():
        raise Permanent("qualify/clips/clips.yaml is missing: render the cover clips", code="no_clips")
    listed = yaml.safe_load(index.read_text(encoding="utf-8"))["clips"]
    spoken = {entry["language"] for entry in listed}
    wanted = language.partition("-")[0]
    wanted = wanted if wanted in spoken else "en"
    found = {
        e["name"]: Clip(e["text"], _pieces((folder / e["file"]).read_bytes()))
        for e in listed
        if e["language"] == wanted
    }
    if missing := [name for name in NEEDED if name not in found]:
        raise Permanent(f"cover clips missing in {wanted!r}: {', '.join(missing)}", code="no_clips")
    return found


def _pieces(mulaw: bytes) -> tuple[str, ...]:
    text = base64.b64encode(mulaw).decode()
    return tuple(text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS))
