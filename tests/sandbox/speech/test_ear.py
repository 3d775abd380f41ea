import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.speech import Ear, Heard, Library
from sandbox.speech.mulaw import silence

LIBRARY = Library.shipped()
QUESTION = "Do you own your home?"


def heard_in(sound: bytes, chunk: int = 160) -> list[Heard]:
    ear = Ear(LIBRARY)
    heard = [one for at in range(0, len(sound), chunk) for one in ear.feed(sound[at : at + chunk])]
    return heard + ear.flush()


def plain(text: str) -> list[str]:
    return [word.strip(".,?!:").lower() for word in text.split()]


@pytest.mark.parametrize("lead", range(160))
def test_a_clip_is_heard_at_every_alignment(lead: int) -> None:
    sound = b"\xff" * lead + LIBRARY.say(QUESTION, "ava").mulaw + silence(500)
    (heard,) = heard_in(sound)
    assert (heard.text, heard.voice, heard.complete) == (QUESTION, "ava", True)


@pytest.mark.parametrize("chunk", [1, 7, 20, 159, 160, 161, 1000, 100_000])
def test_the_size_of_what_is_fed_makes_no_difference(chunk: int) -> None:
    text = "Hi Maria, this is Ava, an AI assistant calling for Brightroof. Do you own your home?"
    assert [one.text for one in heard_in(LIBRARY.say(text, "ava").mulaw, chunk)] == [text]


def test_either_zero_counts_as_silence_and_ends_the_utterance() -> None:
    ear = Ear(LIBRARY)
    assert ear.feed(LIBRARY.say(QUESTION, "ava").mulaw + b"\x7f" * 3100) == []
    (heard,) = ear.feed(b"\xff" * 200)
    assert heard.text == QUESTION


def test_an_interrupted_line_is_heard_up_to_the_cut() -> None:
    text = "Roughly how much is your electricity bill each month?"
    whole = LIBRARY.say(text, "ava").mulaw
    for cut in range(5000, len(whole) - 400, 700):
        (heard,) = heard_in(whole[:cut] + silence(600))
        assert not heard.complete
        assert heard.end_byte <= cut + 4  # a byte of the cut-off clip may happen to be silence
        assert plain(text)[: len(plain(heard.text))] == plain(heard.text)
    assert len(plain(heard.text)) >= 7


def test_a_line_right_behind_a_cut_is_heard() -> None:
    cut = LIBRARY.say("You just asked us about solar panels for your home.", "ava").mulaw[:8111]
    (heard,) = heard_in(cut + LIBRARY.say("No problem.", "ava").mulaw)
    assert heard.text.startswith("You just asked")
    assert heard.text.endswith("No problem.")


def test_a_flush_answers_at_once_and_the_ear_goes_on() -> None:
    ear = Ear(LIBRARY)
    ear.feed(LIBRARY.say(QUESTION, "ava").mulaw[:6000])
    (cut,) = ear.flush()
    assert plain(cut.text) == ["do", "you", "own"]
    (whole,) = ear.feed(LIBRARY.say(QUESTION, "ava").mulaw + silence(400))
    assert whole.text == QUESTION


def test_two_voices_are_two_utterances() -> None:
    heard = heard_in(LIBRARY.say("Yes.", "kal").mulaw + LIBRARY.say("Yes.", "rms").mulaw)
    assert [(one.text, one.voice) for one in heard] == [("Yes.", "kal"), ("Yes.", "rms")]


def test_joining_a_line_late_still_hears_the_rest() -> None:
    whole = LIBRARY.say("Say stop at any time and I won't call again.", "ava").mulaw
    (heard,) = heard_in(whole[len(whole) // 2 :])
    assert heard.text.endswith("call again.")


@pytest.mark.parametrize("lost", ["left out", "silent", "repeated"])
def test_a_lost_frame_loses_no_words(lost: str) -> None:
    text = "Roughly how much is your electricity bill each month?"
    whole = LIBRARY.say(text, "ava").mulaw
    for at in range(480, len(whole) - 3200, 480):
        frame = {"left out": b"", "silent": b"\xff" * 160, "repeated": whole[at : at + 160] * 2}[lost]
        (heard,) = heard_in(whole[:at] + frame + whole[at + 160 :])
        assert plain(heard.text)[-5:] == plain(text)[-5:]
        assert len(plain(heard.text)) >= len(plain(text)) - (at < 2000)


def test_unknown_words_are_heard_by_their_subtitle() -> None:
    text = "Hello Xiomara Quetzalcoatl, this is Ava"
    assert [one.text for one in heard_in(LIBRARY.say(text, "ava").mulaw)] == [text]


def test_noise_is_nothing_said() -> None:
    noise = random.Random(7)
    assert heard_in(bytes(noise.choices(range(256), k=80_000))) == []
    assert heard_in(bytes(noise.choices([0xFF, 0x7F, 0xFE, 0x7E], k=80_000))) == []


def test_every_clip_is_heard_as_itself() -> None:
    for clip in LIBRARY.clips:
        (heard,) = heard_in(clip.mulaw + silence(420), chunk=4000)
        assert (heard.text, heard.voice, heard.complete) == (clip.text, clip.voice, True)


@settings(max_examples=60, deadline=None)
@given(
    clips=st.lists(st.sampled_from([clip for clip in LIBRARY.clips if clip.voice == "ava"]), min_size=1, max_size=8),
    gaps=st.lists(st.integers(0, 6400), min_size=9, max_size=9),
    chunk=st.integers(1, 700),
)
def test_any_clips_in_any_order_with_any_gaps(clips: list, gaps: list[int], chunk: int) -> None:
    sound = b"".join(b"\xff" * gap + clip.mulaw for gap, clip in zip(gaps, clips, strict=False))
    heard = heard_in(sound + silence(400), chunk)
    assert plain(" ".join(one.text for one in heard)) == plain(" ".join(clip.text for clip in clips))

    assert all(one.complete for one in heard)
