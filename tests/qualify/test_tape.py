"""The tape: what goes in comes back, however long the call."""

import resource
from collections import Counter

from qualify import events as ev
from qualify.audio import size
from qualify.tape import BLOCK, IN_MEMORY, TOGETHER, Tape, read
from tests.qualify.script import audio


def test_a_long_call_comes_back_from_many_blocks():
    """Audio of one item after another, with words between, over several times the block's size."""
    tape, given = Tape(0.0, {"tape": 1}), []
    for second in range(600):
        item = f"item_{second // 7}"
        given.append((float(second), ev.AgentWords("r", item, f"word {second} ")))
        given += [(second + frame / 50, ev.AgentAudio("r", item, audio(20))) for frame in range(50)]
    for at, event in given:
        tape.add(event, at)
    packed = tape.close()
    assert len(packed) < 100_000
    header, events = read(packed)
    back = list(events)
    assert header == {"tape": 1}
    assert _words(back) == _words(given)
    assert _bytes(back) == _bytes(given)
    assert [at for at, _ in back] == sorted(at for at, _ in back)


def _words(events: list[tuple[float, ev.Event]]) -> list[tuple[float, ev.Event]]:
    return [(at, event) for at, event in events if not isinstance(event, ev.AgentAudio)]


def _bytes(events: list[tuple[float, ev.Event]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for _, event in events:
        if isinstance(event, ev.AgentAudio):
            found[event.response_id, event.item_id] += size(event.payload)
    return found


def test_audio_keeps_its_place_among_other_events():
    """Frames within 200 ms are one event at the first one's time; whatever else happens ends it."""
    tape = Tape(10.0, {})
    for at, event in (
        (10.1, ev.AgentAudio("r", "i", audio(20))),
        (10.12, ev.AgentAudio("r", "i", audio(20))),
        (10.13, ev.SpeechStarted("u", 5)),
        (10.14, ev.AgentAudio("r", "i", audio(20))),
        (10.15 + TOGETHER, ev.AgentAudio("r", "i", audio(40))),
        (10.5, ev.AgentAudio("r", "j", audio(60))),
    ):
        tape.add(event, at)
    back = [(at, event) for at, event in read(tape.close())[1]]
    assert [(at, getattr(event, "item_id", ""), size(getattr(event, "payload", ""))) for at, event in back] == [
        (0.1, "i", 320),
        (0.13, "u", 0),
        (0.14, "i", 160),
        (0.35, "i", 320),
        (0.5, "j", 480),
    ]


def test_what_waits_in_plain_text_stays_within_a_block():
    tape = Tape(0.0, {})
    for number in range(50_000):
        tape.add(ev.AgentAudio("r", "i", audio(20)), number / 50)
        assert len(tape._lines) < BLOCK


def test_a_full_disk_ends_the_tape_and_not_the_call():
    """What was taped until then is read back whole."""
    tape, limits = Tape(0.0, {"tape": 1}), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (IN_MEMORY * 2, limits[1]))
    try:
        for number in range(20_000):
            tape.add(ev.AgentWords(f"r{hash(number)}", f"i{hash(str(number))}", f"word {number} "), number / 50)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tape.full
    header, events = read(tape.close())
    words = [event for _, event in events if isinstance(event, ev.AgentWords)]
    assert header == {"tape": 1}
    assert 0 < len(words) < 20_000
    assert [event.text for event in words] == [f"word {number} " for number in range(len(words))]
