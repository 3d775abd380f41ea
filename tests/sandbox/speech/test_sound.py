import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.speech import subtitle, synthesis
from sandbox.speech.mulaw import RATE, decode, encode, padded, peak
from sandbox.speech.reading import rendered
from sandbox.speech.resample import to_telephone
from sandbox.speech.shape import clip_of
from sandbox.speech.tones import beep, hum
from sandbox.speech.words import key_of, number_words, spelled_out, words_of


def tone(hertz: int, rate: int, seconds: float = 0.25, loudest: int = 9000) -> list[int]:
    return [int(loudest * math.sin(2 * math.pi * hertz * at / rate)) for at in range(int(rate * seconds))]


def test_g711_reference_codes() -> None:
    expected = {0: 0xFF, -1: 0x7E, 8: 0xFE, 100: 0xF2, -100: 0x72, 1000: 0xCE, -1000: 0x4E, 32767: 0x80, -32768: 0x00}
    assert {sample: encode([sample])[0] for sample in expected} == expected


def test_codes_survive_decoding_and_encoding() -> None:
    codes = bytes(range(256))
    assert encode(decode(codes)) == codes.replace(b"\x7f", b"\xff")  # the two zeros are one


def test_the_standard_library_agrees_where_it_still_can() -> None:
    audioop = pytest.importorskip("audioop", reason="audioop left the standard library in Python 3.13")
    samples = [*range(-32768, 32768, 7)]
    linear = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
    assert [*audioop.lin2ulaw(linear, 2)] == [*encode(samples)]


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
def test_speech_passes_the_telephone_and_what_is_above_does_not(rate: int) -> None:
    passed = to_telephone(tone(1000, rate), rate)
    assert len(passed) == pytest.approx(2000, abs=2)
    assert peak(passed[200:-200]) == pytest.approx(9000, rel=0.03)
    if rate > 12_000:
        assert peak(to_telephone(tone(5500, rate), rate)[200:-200]) < 500


def test_a_clip_is_trimmed_evened_and_whole_frames() -> None:
    quiet = [0] * 4000
    loud, soft = (
        clip_of(quiet + tone(400, RATE, loudest=20_000) + quiet),
        clip_of(quiet + tone(400, RATE, loudest=1500)),
    )
    assert len(loud) % 160 == len(soft) % 160 == 0
    assert 2000 <= len(loud) <= 2000 + 4 * 80 + 160
    assert peak(decode(loud)) == pytest.approx(peak(decode(soft)), rel=0.1)


def test_long_pauses_are_shortened_and_silence_is_no_clip() -> None:
    assert len(clip_of(tone(400, RATE) + [0] * 8000 + tone(400, RATE))) <= 4000 + 27 * 80 + 160
    assert clip_of([3, -3] * 800) == b""


def test_beep_and_hum_are_whole_frames() -> None:
    assert len(beep()) % 160 == 0
    assert len(hum("word")) < len(hum("a much longer word"))
    assert padded(b"\x10") == b"\x10" + b"\xff" * 159


@given(text=st.text(max_size=40), voice=st.sampled_from(["ava", "kal"]))
def test_a_subtitle_says_who_says_what(text: str, voice: str) -> None:
    codes = subtitle.subtitle(text, voice)
    assert subtitle.length_of(codes) == len(codes)
    assert subtitle.read(codes) == (text, voice)
    assert peak(decode(codes)) < 150


def test_a_damaged_subtitle_says_nothing() -> None:
    codes = bytearray(subtitle.subtitle("Hello", "ava"))
    codes[-1] = random.Random(3).choice([code for code in range(0xF0, 0xF8) if code != codes[-1]])
    assert subtitle.read(bytes(codes)) is None
    assert subtitle.length_of(codes[:26]) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Tuesday, November 24th at 10:00 AM.", ("tuesday", "november", "24th", "at", "10:00", "a.m.")),
        ("at 2pm", ("at", "2:00", "p.m.")),
        ("2.30 p.m. on Friday", ("2:30", "p.m.", "on", "friday")),
        ("It's “fine” — really!", ("it's", "fine", "really")),
        ("$1,200 or 20%", ("1200", "dollars", "or", "20", "percent")),
        ("I am here", ("i", "am", "here")),
    ],
)
def test_words_are_looked_up_by_one_spelling(text: str, key: tuple[str, ...]) -> None:
    assert key_of(text) == key


def test_punctuation_is_a_pause() -> None:
    assert [word.pause for word in words_of("Yes, at 2:30 PM. Which? 2 p.m. on it")] == [
        ",",
        "",
        "",
        ".",
        ".",
        "",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (85, "eighty five"),
        (9999, "nine thousand nine hundred ninety nine"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert " ".join(number_words(number)) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("10:05", "ten oh five"),
        ("0101", "zero one zero one"),
        ("1,200", "one thousand two hundred"),
        ("check-up", "check up"),
        ("solar", ""),
    ],
)
def test_simpler_words(key: str, words: str) -> None:
    assert " ".join(spelled_out(key)) == words


@pytest.mark.skipif(
    not synthesis.program("flite"), reason="flite is not installed: the committed clips cannot be made again"
)
@pytest.mark.parametrize(
    ("text", "voice"), [("Do you own your home?", "ava"), ("10:00 AM", "ava"), ("Yes, I do.", "rms")]
)
def test_rendering_again_gives_the_same_clip(text: str, voice: str) -> None:
    from sandbox.speech import Library

    (committed,) = [clip.mulaw for clip in Library.shipped().clips if (clip.text, clip.voice) == (text, voice)]
    assert len(rendered(text, voice)) == pytest.approx(len(committed), rel=0.02)
