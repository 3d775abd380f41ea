"""The person's audio on its way to the model: gaps filled, an outage bridged, offsets turned into times."""

from base64 import b64decode

import pytest

from qualify.commands import SendAudio
from qualify.events import CallerAudio, SpeechStarted
from qualify.uplink import RING_MS, Uplink
from tests.qualify.script import Call, audio


def open_uplink() -> Uplink:
    uplink = Uplink()
    uplink.connect()
    return uplink


def frame(uplink: Uplink, timestamp: int) -> list[SendAudio]:
    sent = uplink.take(CallerAudio(audio(20), timestamp), timestamp / 1000)
    return [command for command in sent if isinstance(command, SendAudio)]


def test_frames_go_out_in_order_once_and_untouched():
    """Rule 9."""
    uplink = open_uplink()
    sent = [command for n in range(5) for command in frame(uplink, 20 * n)]
    assert [command.payload for command in sent] == [audio(20)] * 5


def test_missing_frames_are_made_up_by_silence():
    """Rule 10: the model's detection counts audio time; 700 ms lost are 5,600 bytes of 0xFF."""
    uplink = open_uplink()
    frame(uplink, 0)
    filler, fresh = frame(uplink, 720)
    assert b64decode(filler.payload) == b"\xff" * 5600
    assert fresh.payload == audio(20)
    assert uplink.gaps_ms == 700


def test_a_gap_is_filled_up_to_ten_seconds_and_jitter_not_at_all():
    """Rule 10."""
    uplink = open_uplink()
    frame(uplink, 0)
    assert len(frame(uplink, 60)) == 1
    filler, _ = frame(uplink, 60_000)
    assert len(b64decode(filler.payload)) == RING_MS * 8


def test_silence_for_frozen_frames_is_given_once_and_not_doubled_when_they_resume():
    """Rule 11."""
    uplink = open_uplink()
    frame(uplink, 0)
    (given,) = uplink.pad(1000)
    assert isinstance(given, SendAudio)
    assert len(b64decode(given.payload)) == 8000
    assert uplink.pad(1000) == []
    assert len(frame(uplink, 900)) == 1
    assert len(frame(uplink, 920)) == 1


def test_frames_that_stop_in_the_middle_of_speech_are_made_up_once():
    """Rule 11: after 750 ms the session itself gives a second of silence, so that the turn can end."""
    call = Call().opened()
    call.on(SpeechStarted("u9"))
    call.frames = False
    call.forget().wait(0.7)
    assert call.of(SendAudio) == []
    call.wait(2)
    assert [len(b64decode(command.payload)) for command in call.of(SendAudio)] == [8000]


def test_an_offset_of_the_models_buffer_becomes_a_time_of_ours():
    """Rule 12: also across a gap that was filled, for both clocks count it."""
    uplink = open_uplink()
    for number in range(50):
        frame(uplink, 20 * number)
    assert uplink.wall(1000, 0.98) == pytest.approx(0.98)
    assert uplink.wall(400, 0.98) == pytest.approx(0.38)
    frame(uplink, 2000)
    assert uplink.sent_ms == 2020
    assert uplink.wall(1500, 2.02) == pytest.approx(1.5)


def test_offsets_start_anew_with_each_session():
    """Rules 12, 65."""
    uplink = open_uplink()
    for number in range(50):
        frame(uplink, 20 * number)
    uplink.disconnect()
    frame(uplink, 1000)
    assert len(uplink.connect()) == 1
    assert uplink.sent_ms == 20


def test_an_outage_keeps_the_last_ten_seconds_and_no_more():
    """Rule 13: bounded, the oldest dropped."""
    uplink = Uplink()
    for number in range(600):
        frame(uplink, 20 * number)
    assert uplink.dropped_ms == 2000
    assert len(uplink.connect()) == RING_MS // 20


def test_frames_that_come_twice_or_late_are_dropped_and_those_that_never_came_are_counted():
    """R64."""
    uplink = open_uplink()
    taken = [
        bool(uplink.take(CallerAudio(audio(20), 20 * chunk, chunk), chunk / 50)) for chunk in (1, 2, 2, 5, 3, 6, 6, 7)
    ]
    assert taken == [True, True, False, True, False, True, False, True]
    assert (uplink.repeated, uplink.missing) == (3, 2)
    assert uplink.trouble()["repeated_frames"] == 3


def test_frames_without_a_number_are_all_taken():
    """R64: nothing is known of their order."""
    uplink = open_uplink()
    assert all(uplink.take(CallerAudio(audio(20), 0), 0.0) for _ in range(3))
