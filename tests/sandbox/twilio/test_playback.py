"""The playback clock alone: bytes leave in order, marks fall due when what was before them has left, clear flushes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.twilio.playback import LONGEST, Playback


def test_a_mark_is_due_when_everything_before_it_has_left() -> None:
    playback: Playback[str] = Playback()
    playback.enqueue(b"a" * 300)
    assert playback.mark("one") == []
    playback.take(160)
    assert playback.due() == []
    assert playback.take(160) == b"a" * 140
    assert playback.due() == ["one"]


def test_a_mark_on_an_empty_buffer_is_due_at_once() -> None:
    playback: Playback[str] = Playback()
    assert playback.mark("now") == ["now"]
    playback.enqueue(b"a" * 160)
    playback.take(160)
    assert playback.mark("again") == ["again"]


def test_clear_returns_pending_marks_in_order_and_plays_nothing_more() -> None:
    playback: Playback[str] = Playback()
    for name in "abc":
        playback.enqueue(b"x" * 160)
        playback.mark(name)
    playback.take(200)
    assert playback.due() == ["a"]
    assert playback.clear() == ["b", "c"]
    assert playback.take(160) == b""
    assert playback.due() == []
    playback.enqueue(b"y" * 160)
    assert playback.mark("d") == []
    playback.take(160)
    assert playback.due() == ["d"]


def test_more_than_ten_minutes_are_discarded() -> None:
    playback: Playback[str] = Playback()
    assert playback.enqueue(b"x" * LONGEST)
    assert not playback.enqueue(b"x")
    playback.take(160)
    assert playback.enqueue(b"x" * 160)


@given(st.lists(st.one_of(st.integers(1, 700), st.just("mark"), st.just("take"), st.just("clear")), max_size=60))
def test_every_mark_comes_back_once_in_order_and_never_early(steps: list[int | str]) -> None:
    playback: Playback[tuple[int, int]] = Playback()
    sent, back, cleared = 0, [], 0
    for number, step in enumerate(steps):
        match step:
            case int(length):
                playback.enqueue(b"x" * length)
                sent += length
            case "mark":
                back += playback.mark((number, sent))
            case "take":
                playback.take(160)
                due = playback.due()
                assert all(position <= playback.played + cleared for _, position in due)
                back += due
            case _:
                cleared += playback.waiting
                back += playback.clear()
    back += playback.clear()
    marked = [number for number, step in enumerate(steps) if step == "mark"]
    assert [number for number, _ in back] == marked
