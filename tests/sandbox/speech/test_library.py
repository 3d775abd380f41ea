from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.speech import Ear, Library, synthesis
from sandbox.speech.library import CLIPS, Clip, read_clips
from sandbox.speech.lines import playbook_lines
from sandbox.speech.mulaw import FRAME_BYTES
from sandbox.speech.render import told_apart, write_pack
from sandbox.speech.voices import agent_voice
from sandbox.speech.words import words_of

ROOT = Path(__file__).parents[3]
LIBRARY = Library.shipped()
MUTE = Library(list(LIBRARY.clips))  # only used where `no_synthesiser` is
PLAYBOOKS = sorted((ROOT / "prompts" / "playbooks").glob("*.yaml"))
FILLED = {
    "first_name": "Maria",
    "brand": "Brightroof",
    "company": "Brightroof",
    "agent": "Ava",
    "legal_name": "Brightroof Solar LLC",
    "meeting_minutes": "30",
    "slot": "Tuesday, November 24th at 10:00 AM",
    "slot_1": "Thursday, December 3rd at 2:30 PM",
    "slot_2": "Friday 4 December at 9:15 AM",
    "value": "200 dollars",
}
RELLENO = FILLED | {
    "first_name": "María",
    "slot": "martes 24 de noviembre a las 10:00 de la mañana",
    "slot_1": "jueves 3 de diciembre a las 2:30 de la tarde",
    "slot_2": "viernes 4 de diciembre a las 9:15 de la mañana",
    "value": "200",
}
SPEAKS = {"en": ("ava", FILLED), "es": ("eva", RELLENO)}


def voice_and_values(playbook: dict[str, Any]) -> tuple[str, dict[str, str]]:
    return SPEAKS[playbook["language"].partition("-")[0]]


@pytest.fixture
def no_synthesiser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "program", lambda name: None)


@pytest.mark.usefixtures("no_synthesiser")
@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_line_is_spoken_by_clips_alone(path: Path) -> None:
    playbook = yaml.safe_load(path.read_text("utf-8"))
    voice, values = voice_and_values(playbook)
    for line in playbook_lines(playbook, ["Brightroof", "Parramatta Smiles"]):
        assert MUTE.say(line, voice).spoken, line
    for part in ("greeting", "meeting", "callback", "transfer", "closing"):
        for line in playbook[part].values():
            filled = str(line).format(**values)
            assert MUTE.missing(filled, voice) == [], filled
            assert filled.isdigit() or agent_voice(filled, LIBRARY) == voice, filled


@pytest.mark.usefixtures("no_synthesiser")
@pytest.mark.parametrize("key", ["offer", "read_back", "booked"])
def test_slots_are_spoken_in_every_playbook(key: str) -> None:
    for path in PLAYBOOKS:
        playbook = yaml.safe_load(path.read_text("utf-8"))
        voice, values = voice_and_values(playbook)
        line = playbook["meeting"][key].format(**values)
        assert MUTE.say(line, voice).spoken, line


def test_every_day_of_a_year_and_every_quarter_of_an_hour_is_spoken() -> None:
    suffixes = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    for offset in range(366):
        day = date(2028, 1, 1) + timedelta(offset)
        hour, minute, half = 1 + offset % 12, (offset % 4) * 15, "AM" if offset % 2 else "PM"
        for text in (
            f"{day:%A, %B} {day.day}{suffixes.get(day.day, 'th')}",
            f"{day:%A} {day.day} {day:%B} at {hour}:{minute:02} {half}",
            f"{day:%A} at {hour}:{minute:02} {half.lower()}",
        ):
            assert LIBRARY.missing(text, "ava") == []


def test_every_day_of_a_year_and_every_quarter_of_an_hour_is_spoken_in_spanish() -> None:
    vocabulary = yaml.safe_load((ROOT / "sandbox" / "speech" / "lines.yaml").read_text("utf-8"))["es"]
    for offset in range(366):
        day = date(2028, 1, 1) + timedelta(offset)
        hour, minute = 1 + offset % 12, (offset % 4) * 15
        named = f"{vocabulary['weekdays'][day.weekday()]} {day.day} de {vocabulary['months'][day.month - 1]}"
        clock = f"a la{'s' if hour > 1 else ''} {hour}:{minute:02}"
        assert LIBRARY.missing(f"{named} {clock} de la tarde", "eva") == []


@pytest.mark.parametrize(
    "text",
    [
        "10 AM",
        "10:40 am",
        "2.30 p.m.",
        "9:05 AM",
        "$250 a month",
        "20% off",
        "+1 212 555 0101",
        "1,200 dollars",
        "a five-minute call",
        "Wait — really?",
        "“Good”, isn’t it…",
    ],
)
def test_generic_text_is_spoken(text: str) -> None:
    assert LIBRARY.missing(text, "ava") == []
    speech = LIBRARY.say(text, "ava")
    assert speech.spoken
    assert speech.mulaw
    assert len(speech.mulaw) % FRAME_BYTES == 0


@pytest.mark.parametrize("text", ["", "   ", "...", "—"])
def test_nothing_to_say_is_no_sound(text: str) -> None:
    assert LIBRARY.say(text, "ava").mulaw == b""


@pytest.mark.usefixtures("no_synthesiser")
def test_without_a_synthesiser_unknown_words_are_hummed_with_a_subtitle() -> None:
    library = MUTE
    text = "Hello Xiomara, this is Ava"
    speech = library.say(text, "ava")
    assert not speech.spoken
    ear = Ear(library)
    assert [heard.text for heard in ear.feed(speech.mulaw) + ear.flush()] == [text]


WORDS = st.one_of(st.sampled_from([clip.text for clip in LIBRARY.clips]), st.text(max_size=30), st.just("x" * 400))


@given(parts=st.lists(WORDS, max_size=8), voice=st.sampled_from(["ava", "rms", "nobody"]))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("no_synthesiser")
def test_any_text_is_whole_frames_that_an_ear_survives(parts: list[str], voice: str) -> None:
    speech = MUTE.say(" ".join(parts), voice)
    assert len(speech.mulaw) % FRAME_BYTES == 0
    ear = Ear(LIBRARY)
    heard = ear.feed(speech.mulaw) + ear.flush()
    assert bool(heard) == bool(words_of(" ".join(parts)))


@pytest.mark.skipif(not synthesis.program("flite"), reason="flite is not installed: no text can upset it")
@pytest.mark.parametrize("text", ["-v", "--help", "a\0b", "🦊", "ß" * 300, "$(reboot)"])
def test_odd_text_does_not_upset_the_synthesiser(text: str) -> None:
    assert LIBRARY.say(text, "ava").mulaw
    assert LIBRARY.say(text, "eva").mulaw


@pytest.mark.usefixtures("no_synthesiser")
def test_a_long_unknown_text_in_a_voice_without_clips_is_carried_whole() -> None:
    library = Library([])
    text = " ".join(f"Wörter{number}" for number in range(60))
    ear = Ear(library)
    heard = ear.feed(library.say(text, "nobody").mulaw) + ear.flush()
    assert " ".join(one.text for one in heard) == text


@pytest.mark.skipif(
    not synthesis.program("flite"), reason="flite is not installed: nothing to speak unknown words with"
)
def test_with_flite_unknown_words_are_spoken() -> None:
    speech = Library(list(LIBRARY.clips)).say("Hello Xiomara", "ava")
    assert speech.spoken
    assert speech.milliseconds > LIBRARY.say("Hello", "ava").milliseconds + 300


def test_the_longest_phrase_is_taken() -> None:
    library = Library(
        [Clip("v", text, bytes([n]) * 320) for n, text in enumerate(["a", "b", "c", "a b", "b c", "a b c d"])]
    )
    assert library.say("a b", "v").mulaw == bytes([3]) * 320
    assert set(library.say("a b c", "v").mulaw) <= {0, 1, 2, 3, 4}
    assert len(library.say("a b c", "v").mulaw) == 640


def test_shipped_clips_are_small_enough_to_commit_and_whole_frames() -> None:
    assert sum(path.stat().st_size for path in CLIPS.iterdir()) < 12_000_000
    assert LIBRARY.voices == {"ava", "eva", "kal", "leo", "rms", "awb"}
    assert all(clip.mulaw and len(clip.mulaw) % FRAME_BYTES == 0 for clip in LIBRARY.clips)


def test_no_clip_is_the_beginning_of_another() -> None:
    sounds = sorted(clip.mulaw.rstrip(b"\xff") for clip in LIBRARY.clips)
    assert not [one for one, following in pairwise(sounds) if following.startswith(one)]


def test_no_pause_inside_a_clip_looks_like_the_end_of_a_turn() -> None:
    for clip in LIBRARY.clips:
        assert b"\xff" * 2400 not in clip.mulaw.translate(
            bytes(0xFF if code | 0x80 >= 0xFC else code for code in range(256))
        )


def test_packs_are_read_as_they_were_written(tmp_path: Path) -> None:
    clips = [Clip("one", "Grüß Gott", b"\x10" * 160), Clip("one", "b", b"\x20" * 320)]
    assert write_pack("one", clips, tmp_path) == 480
    assert read_clips(tmp_path) == clips


def test_words_that_sound_alike_are_told_apart() -> None:
    sound = LIBRARY.say("Goodbye.", "ava").mulaw
    apart = told_apart([Clip("v", text, sound) for text in ("buy", "bye", "by")])
    assert len({clip.mulaw for clip in apart}) == 3
    assert apart[0].mulaw == sound


def test_cover_clips_say_what_they_list() -> None:
    folder = ROOT / "qualify" / "clips"
    listed = yaml.safe_load((folder / "clips.yaml").read_text("utf-8"))["clips"]
    assert {(clip["language"], clip["name"]) for clip in listed} == {
        (language, name)
        for language in ("en", "es")
        for name in ("one_moment", "still_here", "apology_callback", "goodbye")
    }
    for clip in listed:
        sound = (folder / clip["file"]).read_bytes()
        assert len(sound) == clip["milliseconds"] * 8 > 0
        assert len(sound) % FRAME_BYTES == 0
        ear = Ear(LIBRARY)
        heard = [one.text for one in ear.feed(sound) + ear.flush()]
        assert " ".join(heard) == clip["text"]
