"""No client frame, however wrong, breaks a session: it is obeyed or refused, and the next one is answered as usual."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KINDS = [
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "conversation.item.retrieve",
    "response.create",
    "response.cancel",
    "output_audio_buffer.clear",
]
KEYS = [
    "session", "audio", "item", "item_id", "response", "response_id", "previous_item_id", "content_index",
    "audio_end_ms", "type", "role", "content", "text", "call_id", "output", "name", "arguments", "input",
    "conversation", "metadata", "instructions", "output_modalities", "tools", "tool_choice", "turn_detection",
    "format", "voice", "max_output_tokens", "id",
]  # fmt: skip
WORDS = [
    "realtime", "message", "function_call", "function_call_output", "item_reference", "user", "assistant",
    "system", "input_text", "input_audio", "output_text", "audio/pcmu", "audio/pcm", "server_vad", "semantic_vad",
    "none", "auto", "text", "audio", "root", "inf", "AAAA", "function",
]  # fmt: skip
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5000)
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.just("")
)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
)
_events = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)},
    optional={"event_id": _values, **{key: _values for key in KEYS if key != "type"}},
)
_frames = _events.map(json.dumps) | _values.map(json.dumps) | st.text(max_size=20)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_frames, max_size=8))
def test_any_frames(make_bench, session_config, frames):
    bench = make_bench()
    bench.send("session.update", session=session_config())
    for frame in frames:
        bench.session.receive(frame, bench.now)
        bench.run(0.3)
    bench.run(30)
    assert not bench.endings
    seen = len(bench.of("response.done"))
    bench.create(conversation="none", output_modalities=["text"])
    bench.run(10)
    assert len(bench.of("response.done")) == seen + 1


_items = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "function_call_output"])},
    optional={
        "id": st.sampled_from(["a", "b", ""]),
        "role": st.sampled_from(["user", "assistant", "system"]),
        "content": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["input_text", "output_text"]), "text": st.text(max_size=30)}
            ),
            max_size=2,
        ),
        "name": st.sampled_from(["check_slots", "schedule", "save_answers", "end_call", "odd"]),
        "call_id": st.sampled_from(["c1", "c2"]),
        "arguments": st.sampled_from(["{}", "{", "[]", '{"kind":"meeting"}', '{"kind":"callback","confirm":true}']),
        "output": st.sampled_from(
            [
                "",
                "null",
                '"x"',
                '{"slots":[{}]}',
                '{"slots":[1]}',
                '{"status":"read_back"}',
                '{"error":"x"}',
                '{"slots":{}}',
            ]
        ),
    },
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_items, max_size=8))
def test_any_history_is_survived_by_the_stand_in(make_bench, session_config, items):
    bench = make_bench()
    bench.send("session.update", session=session_config())
    for item in items:
        bench.send("conversation.item.create", item=item)
        bench.create()
        bench.run(20)
    assert not bench.endings
    assert bench.session.responses.active is None
