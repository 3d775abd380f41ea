"""Renders the product's cover clips: one raw `.ulaw` file a line, and `clips.yaml` with their words.

What the library can say is made of its own clips, so that a caller's ear knows it; the rest is synthesised whole.
"""

from pathlib import Path
from typing import Any

import yaml

from sandbox.speech.library import Library
from sandbox.speech.lines import HERE
from sandbox.speech.mulaw import RATE
from sandbox.speech.reading import rendered

_HEAD = """# Raw G.711 μ-law at 8 kHz, whole 20 ms frames, for when the model's voice is away.
# Written by `python -m sandbox.speech.render` from sandbox/speech/cover.yaml; do not edit.
"""


def render_cover(folder: Path, library: Library) -> None:
    listing = [
        _written(folder, language, cover["voice"], name, text, library)
        for language, cover in yaml.safe_load((HERE / "cover.yaml").read_text("utf-8")).items()
        for name, text in cover["lines"].items()
    ]
    listed = yaml.safe_dump({"schema": 1, "clips": listing}, allow_unicode=True, sort_keys=False, width=120)
    (folder / "clips.yaml").write_text(_HEAD + listed, "utf-8")


def _written(folder: Path, language: str, voice: str, name: str, text: str, library: Library) -> dict[str, Any]:
    mulaw = library.say(text, voice).mulaw if voice in library.voices else rendered(text, voice)
    path = folder / language / f"{name}.ulaw"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mulaw)
    place = path.relative_to(folder).as_posix()
    return {"name": name, "language": language, "file": place, "text": text, "milliseconds": len(mulaw) * 1000 // RATE}
