"""Both wires: what they read, what they write, and that nothing on them can hurt."""

import base64
import json
from dataclasses import replace
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.realtime import RealtimeClientEvent
from pydantic import Field, TypeAdapter

from qualify import commands as do
from qualify import events as ev
from qualify import realtime_frames, realtime_wire, tools, twilio_wire
from qualify.audio import pieces, size
from qualify.hearing import USUAL

CLIENT = TypeAdapter(Annotated[RealtimeClientEvent, Field(discriminator="type")])
CONFIG = realtime_frames.Config(
    "Be kind.", tools.schemas(), transcription_model="gpt-4o-mini-transcribe", language="en-AU"
)


def valid(text: str) -> dict[str, Any]:
    """The SDK's own types are the oracle."""
    given = json.loads(text)
    CLIENT.validate_python(given)
    return given


def test_every_frame_we_write_is_one_the_sdk_knows():
    """Rule 7 too: each carries its event id."""
    frames = [
        realtime_frames.configure(CONFIG, do.Configure("su_1", USUAL)),
        realtime_frames.configure(CONFIG, do.Configure("su_2", USUAL, whole=False)),
        realtime_frames.configure(CONFIG, do.Configure("su_3", USUAL, minimal=True)),
        realtime_frames.ask(do.AskResponse("rc_1", "Say hello.")),
        realtime_frames.cancel(do.CancelResponse("cancel_1", "resp_1")),
        realtime_frames.truncate(do.Truncate("cut_1", "item_1", 1480)),
        realtime_frames.answer(do.AnswerTool("out_1", "call_1", {"status": "booked"})),
        *(realtime_frames.add_item(do.AddItem("h_1", role, "Words")) for role in ("user", "assistant", "system")),
        realtime_frames.add_item(do.AddItem("add_1", "system", "In short", item_id="sum_1", first=True)),
        realtime_frames.delete_item(do.DeleteItem("del_1", "item_1")),
    ]
    for frame in frames:
        assert valid(frame)["event_id"]
    valid("//////8=".join(realtime_frames.APPEND))


def test_configuration_asks_for_phone_audio_and_leaves_turns_to_us():
    """Rules 1-3, 28, 33."""
    session = valid(realtime_frames.configure(CONFIG, do.Configure("su_1", USUAL)))["session"]
    assert session["type"] == "realtime"
    assert session["audio"]["input"]["format"] == session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    detection = session["audio"]["input"]["turn_detection"]
    assert (detection["create_response"], detection["interrupt_response"]) == (False, False)
    assert session["audio"]["input"]["transcription"] == {"model": "gpt-4o-mini-transcribe", "language": "en"}
    assert [tool["name"] for tool in session["tools"]] == [
        "check_slots",
        "save_answers",
        "schedule",
        "transfer_to_human",
        "end_call",
    ]


def test_voice_and_style_reach_the_session():
    styled = realtime_frames.Config(
        "Be kind.",
        [],
        voice="cedar",
        speed=1.2,
        noise_reduction="near_field",
        reasoning_effort="",
        max_output_tokens=900,
    )
    session = valid(realtime_frames.configure(styled, do.Configure("su_1", USUAL)))["session"]
    assert session["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "voice": "cedar", "speed": 1.2}
    assert session["audio"]["input"]["noise_reduction"] == {"type": "near_field"}
    assert session["max_output_tokens"] == 900
    assert "reasoning" not in session
    assert valid(realtime_frames.configure(CONFIG, do.Configure("su_2", USUAL)))["session"]["reasoning"] == {
        "effort": "low"
    }


def test_a_later_update_repeats_the_formats_and_leaves_instructions_alone():
    """Rule 3; the cache law of 1.9."""
    patient = replace(USUAL, silence_ms=800)
    session = valid(realtime_frames.configure(CONFIG, do.Configure("su_2", patient, whole=False)))["session"]
    assert session["type"] == "realtime"
    assert set(session) == {"type", "audio"}
    assert session["audio"]["output"] == {"format": {"type": "audio/pcmu"}}
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 800


def test_the_voice_is_never_sent_after_the_first_audio():
    """Rule 6."""
    text = realtime_frames.configure(CONFIG, do.Configure("su_9", USUAL), voice_locked=True)
    assert "voice" not in valid(text)["session"]["audio"]["output"]


def test_requests_carry_their_id_in_the_metadata():
    """Rule 7."""
    assert valid(realtime_frames.ask(do.AskResponse("rc_7")))["response"]["metadata"] == {"client_event_id": "rc_7"}


@pytest.mark.parametrize(
    ("raw", "event"),
    [
        ({"type": "session.created", "session": {"type": "realtime", "expires_at": 12}}, ev.ModelOpened(12.0)),
        ({"type": "session.updated", "session": {"model": "m-2026"}}, ev.ModelConfigured("", "", "m-2026")),
        (
            {
                "type": "conversation.item.added",
                "previous_item_id": None,
                "item": {"id": "i", "type": "message", "role": "user"},
            },
            ev.ItemKept("i", "", "message", "user"),
        ),
        ({"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 5}, ev.SpeechStarted("i", 5)),
        ({"type": "input_audio_buffer.speech_stopped", "item_id": "i", "audio_end_ms": 9}, ev.SpeechStopped("i", 9)),
        ({"type": "input_audio_buffer.committed", "item_id": "i", "previous_item_id": None}, ev.SpeechCommitted("i")),
        (
            {
                "type": "response.output_audio.delta",
                "response_id": "r",
                "item_id": "i",
                "delta": "AAAA",
                "obfuscation": "x",
            },
            ev.AgentAudio("r", "i", "AAAA"),
        ),
        (
            {"type": "response.created", "response": {"id": "r", "metadata": {"client_event_id": "rc_1"}}},
            ev.ResponseStarted("r", "rc_1"),
        ),
        ({"type": "response.created", "response": {"id": "r", "metadata": None}}, ev.ResponseStarted("r", "")),
        (
            {
                "type": "response.output_item.done",
                "response_id": "r",
                "item": {
                    "type": "function_call",
                    "status": "incomplete",
                    "name": "schedule",
                    "call_id": "c",
                    "arguments": '{"sl',
                },
            },
            ev.ToolAsked("r", "c", "schedule", '{"sl', complete=False),
        ),
        (
            {
                "type": "error",
                "event_id": None,
                "error": {"type": "invalid_request_error", "code": None, "message": "m"},
            },
            ev.ModelError("invalid_request_error", "m"),
        ),
        ({"type": "rate_limits.updated", "rate_limits": []}, None),
        ({"type": "response.pirouette"}, ev.Unknown("model", "response.pirouette")),
        ({"type": "response.created"}, ev.Unknown("model", "response.created")),
    ],
)
def test_server_events_in_our_words(raw: dict[str, Any], event: ev.Event | None):
    """Rules 60-62."""
    assert realtime_wire.read(json.dumps(raw)) == event


def test_audio_that_is_not_base64_never_reaches_the_phone():
    bad = {"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": '"},{"x":"'}
    assert realtime_wire.read(json.dumps(bad)) == ev.Unknown("model", "bad_audio")
    assert twilio_wire.read('{"event":"media","media":{"payload":"a\\"b="}}') == ev.Unknown("phone", "bad_audio")


def test_outbound_track_is_never_forwarded():
    """Rule 9."""
    assert twilio_wire.read('{"event":"media","media":{"track":"outbound","payload":"AAAA"}}') is None


def test_what_we_write_to_the_phone_is_plain_json_of_its_stream():
    """R63."""
    writer = twilio_wire.Writer('MZ"1')
    assert json.loads("AAAA".join(writer.around_audio)) == {
        "event": "media",
        "streamSid": 'MZ"1',
        "media": {"payload": "AAAA"},
    }
    assert json.loads(writer.mark('a"b')) == {"event": "mark", "streamSid": 'MZ"1', "mark": {"name": 'a"b'}}
    assert json.loads(writer.clear) == {"event": "clear", "streamSid": 'MZ"1'}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "event", "item", "response", "media", "delta", "session", "error", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
TYPES = st.sampled_from(
    [
        "response.created",
        "response.done",
        "error",
        "session.updated",
        "response.output_audio.delta",
        "media",
        "start",
        "dtmf",
        "mark",
    ]
)


@given(JSON, TYPES)
def test_no_message_breaks_a_wire(value: Any, kind: str):
    """Rules 60, 62: missing fields, wrong types, anything."""
    for given_value in (value, {"type": kind, "event": kind, **value} if isinstance(value, dict) else value):
        text = json.dumps(given_value)
        realtime_wire.read(text)
        twilio_wire.read(text)


@given(st.binary(max_size=200))
def test_no_bytes_break_a_wire(data: bytes):
    realtime_wire.read(data)
    twilio_wire.read(data)


def test_deep_nesting_is_only_unknown():
    deep = "[" * 100_000
    assert realtime_wire.read(deep) == ev.Unknown("model", "malformed")
    assert twilio_wire.read('{"event":' + deep) == ev.Unknown("phone", "malformed")


@given(st.binary(min_size=1, max_size=5000))
def test_lengths_and_cuts_without_decoding(data: bytes):
    text = base64.b64encode(data).decode()
    assert size(text) == len(data)
    assert b"".join(base64.b64decode(piece) for piece in pieces(text)) == data
    assert all(size(piece) <= 1440 for piece in pieces(text))
