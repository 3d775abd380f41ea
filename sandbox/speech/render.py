"""Renders the committed clips: `python -m sandbox.speech.render` (for developers; needs flite and espeak-ng).

Only lines without a clip are synthesised, the rest are kept byte for byte; `--all` does everything again, and lines
that no file wants any more are dropped. docs/sandbox/speech.md says more.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.speech.cover import render_cover
from sandbox.speech.library import CLIPS, Clip, Library, read_clips
from sandbox.speech.lines import CHECKOUT, wanted
from sandbox.speech.mulaw import decode, encode
from sandbox.speech.reading import rendered
from sandbox.speech.synthesis import FLITE_VOICES, SPANISH_VOICES, program


def render_voice(voice: str, lines: list[str], have: dict[str, bytes]) -> list[Clip]:
    missing = [line for line in lines if line not in have]
    with ProcessPoolExecutor(2) as pool:
        made = dict(zip(missing, pool.map(partial(rendered, voice=voice), missing, chunksize=16), strict=True))
    return told_apart([Clip(voice, line, have[line] if line in have else made[line]) for line in lines])


def told_apart(clips: list[Clip]) -> list[Clip]:
    """Words that sound alike ("buy", "bye") get a slightly different loudness: the ear goes by the very bytes."""
    taken: set[bytes] = set()
    distinct: list[Clip] = []
    for clip in clips:
        mulaw = clip.mulaw
        while mulaw in taken:
            mulaw = encode(sample * 19 // 20 for sample in decode(mulaw))
        taken.add(mulaw)
        distinct.append(replace(clip, mulaw=mulaw))
    return distinct


def write_pack(voice: str, clips: list[Clip], folder: Path) -> int:
    """`<voice>.ulaw` and its index; answers the bytes written."""
    folder.mkdir(exist_ok=True)
    entries, at = [], 0
    for clip in clips:
        entries.append([clip.text, at, len(clip.mulaw)])
        at += len(clip.mulaw)
    (folder / f"{voice}.ulaw").write_bytes(b"".join(clip.mulaw for clip in clips))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    (folder / f"{voice}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
    return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="synthesise every line again")
    parser.add_argument("--playbooks", type=Path, default=CHECKOUT / "prompts" / "playbooks")
    parser.add_argument("--personas", type=Path, default=CHECKOUT / "sandbox" / "callers" / "personas.yaml")
    parser.add_argument("--cover", type=Path, default=CHECKOUT / "qualify" / "clips", help="where the cover clips go")
    asked = parser.parse_args()
    for needed in ("flite", "espeak-ng"):
        if not program(needed):
            raise SystemExit(f"{needed} is not installed: apt-get install {needed}")
    kept = [] if asked.all else read_clips(CLIPS)
    total = 0
    for voice, lines in wanted(asked.playbooks, asked.personas).items():
        if voice not in FLITE_VOICES | SPANISH_VOICES:
            raise SystemExit(f"no synthesiser's voice for {voice!r}")
        clips = render_voice(voice, lines, {clip.text: clip.mulaw for clip in kept if clip.voice == voice})
        size = write_pack(voice, clips, CLIPS)
        total += size
        print(f"{voice}: {len(clips)} clips, {size / 1e6:.1f} MB, {size / 8000:.0f} s")
    render_cover(asked.cover, Library(read_clips(CLIPS)))
    print(f"all: {total / 1e6:.1f} MB, and the cover clips in {asked.cover}")


if __name__ == "__main__":
    main()
