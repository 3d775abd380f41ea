"""session.created, session.update, and every way a client event is refused."""

import pytest

from sandbox.realtime.stage import Hang


def test_a_session_starts_with_the_servers_own_defaults(make_bench):
    session = make_bench().of("session.created")[0]["session"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200
    assert "Talk quickly" in session["instructions"]
    assert session["expires_at"]


def test_an_update_is_answered_with_the_whole_configuration(phone):
    session = phone.of("session.updated")[0]["session"]
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["input"]["turn_detection"]["create_response"] is True
    assert session["id"].startswith("sess_")


def test_what_an_update_leaves_out_stays(phone):
    updated = phone.send("session.update", session={"type": "realtime", "tools": []})[-1]["session"]
    assert updated["tools"] == []
    assert updated["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert updated["instructions"].startswith("Playbook")


@pytest.mark.parametrize(
    ("session", "code", "param", "message"),
    [
        ({}, "missing_required_parameter", "session.type", "Missing required parameter: 'session.type'."),
        ({"type": "realtime", "foo": 1}, "unknown_parameter", "session.foo", "Unknown parameter: 'session.foo'."),
        ({"type": "realtime", "modalities": ["audio"]}, "unknown_parameter", "session.modalities", None),
        ({"type": "realtime", "audio": {"input": {"format": {"type": "g711"}}}}, "invalid_value", None, None),
        (
            {
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}},
            },
            "integer_below_min_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
            None,
        ),
        ({"type": "realtime", "instructions": 5}, "invalid_type", "session.instructions", None),
        (
            {"type": "realtime", "output_modalities": ["text", "audio"]},
            "invalid_value",
            "session.output_modalities",
            None,
        ),
    ],
)
def test_a_bad_update_is_refused_whole(phone, session, code, param, message):
    before = phone.session.stage.config
    (event,) = phone.send("session.update", session={"instructions": "changed", **session})
    assert event["error"]["code"] == code
    assert event["error"]["event_id"] == "client_2"
    assert param is None or event["error"]["param"] == param
    assert message is None or event["error"]["message"] == message
    assert phone.session.stage.config == before


def test_reasoning_is_refused_by_a_model_without_it(make_bench, session_config):
    bench = make_bench(model="gpt-realtime-1.5")
    (event,) = bench.send("session.update", session={**session_config(), "reasoning": {"effort": "low"}})
    assert event["error"]["param"] is None
    assert "reasoning" in event["error"]["message"]


def test_the_voice_is_locked_once_audio_was_spoken(phone):
    assert (
        phone.send("session.update", session={"type": "realtime", "audio": {"output": {"voice": "cedar"}}})[-1]["type"]
        == "session.updated"
    )
    phone.create()
    phone.run(5)
    (event,) = phone.send("session.update", session={"type": "realtime", "audio": {"output": {"voice": "marin"}}})
    assert event["error"]["code"] == "cannot_update_voice"
    assert "voice_after_audio" in phone.broken_rules()


def test_an_unknown_event_names_the_supported_ones(phone):
    (event,) = phone.send("conversation.item.crate")
    assert event["error"]["code"] == "invalid_value"
    assert event["error"]["param"] == "type"
    assert "'session.update'" in event["error"]["message"]


def test_a_frame_that_is_no_json_is_answered_and_the_session_lives(phone):
    phone.session.receive("{nonsense", phone.now)
    phone.run(0)
    assert phone.of("error")[-1]["error"]["code"] == "invalid_json"
    phone.create()
    assert phone.run(5)


def test_beta_clients_are_sent_away(make_bench):
    bench = make_bench(beta=True)
    assert bench.of("error")[0]["error"]["code"] == "beta_api_shape_disabled"
    assert bench.endings == [Hang(4000, "beta_api_shape_disabled")]


def test_audio_before_the_update_is_answered_by_the_default_persona_and_noted(make_bench):
    bench = make_bench()
    bench.send("input_audio_buffer.append", audio="AAAA")
    bench.send("response.create")
    assert {"append_before_updated", "frame_before_updated"} <= set(bench.broken_rules())
    bench.run(5)
    assert bench.of("response.done")[0]["response"]["audio"]["output"]["format"]["type"] == "audio/pcm"


def test_missing_and_repeated_event_ids_are_noted(phone):
    phone.session.receive('{"type":"response.cancel"}', phone.now)
    for _ in range(2):
        phone.session.receive('{"type":"response.cancel","event_id":"same"}', phone.now)
    assert {"missing_event_id", "duplicate_event_id"} <= set(phone.broken_rules())


def test_a_session_expires(make_bench):
    bench = make_bench(expire={"after_s": 5, "code": 1001})
    bench.run(6)
    assert bench.of("error")[0]["error"]["code"] == "session_expired"
    assert bench.endings == [Hang(1001, "session expired")]


def test_a_lifetime_is_announced_and_kept(make_bench):
    usual = make_bench().of("session.created")[0]["session"]["expires_at"]
    bench = make_bench(lifetime={"seconds": 310})
    assert bench.of("session.created")[0]["session"]["expires_at"] - usual == pytest.approx(310 - 3600, abs=5)
    bench.run(309)
    assert bench.of("error") == []
    bench.run(2)
    assert bench.of("error")[-1]["error"]["code"] == "session_expired"
