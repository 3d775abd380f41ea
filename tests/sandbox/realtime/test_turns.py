"""Turn detection in audio time, interruption, silence, transcription."""


def _silence(milliseconds):
    return b"\xff" * 8 * milliseconds


def test_offsets_count_appended_audio_and_include_padding_and_silence(phone, library):
    phone.append(_silence(1000))
    phone.run(60)  # wall time alone moves nothing
    speech = library.say("Yes, sure.", voice="rms").mulaw
    phone.append(speech + _silence(700))
    started, stopped = (
        phone.of("input_audio_buffer.speech_started")[0],
        phone.of("input_audio_buffer.speech_stopped")[0],
    )
    assert 700 <= started["audio_start_ms"] <= 1100
    end_of_speech = 1000 + len(speech) // 8
    assert end_of_speech - 400 <= stopped["audio_end_ms"] - 500 <= end_of_speech + 20
    assert started["item_id"] == stopped["item_id"] == phone.of("input_audio_buffer.committed")[0]["item_id"]


def test_a_turn_never_ends_while_frames_do_not_arrive(phone, library):
    phone.append(library.say("Yes, sure.", voice="rms").mulaw)
    phone.run(30)
    assert not phone.of("input_audio_buffer.speech_stopped")
    phone.append(_silence(600))
    assert phone.of("input_audio_buffer.speech_stopped")


def test_a_click_is_not_speech(phone):
    phone.append(_silence(200) + b"\x00" * 160 + _silence(600))
    assert not phone.of("input_audio_buffer.speech_started")


def test_the_transcript_is_what_the_ear_recognised(phone):
    phone.caller("About two hundred dollars.")
    phone.run(1)
    assert (
        phone.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
        == "About two hundred dollars."
    )


def test_unknown_sound_is_a_turn_without_words(phone):
    phone.append(b"\x20\xa0\x30\xb0" * 2000 + _silence(700))
    phone.run(1)
    assert phone.of("conversation.item.input_audio_transcription.completed")[0]["transcript"] == ""


def test_a_turn_in_order(phone):
    phone.create()
    phone.run(20)
    seen = len(phone.events)
    phone.caller("Yes, sure.")
    phone.run(3)
    kinds = [event["type"] for event in phone.events[seen:]]
    order = ["speech_started", "speech_stopped", "committed"]
    places = [kinds.index(f"input_audio_buffer.{kind}") for kind in order]
    assert places == sorted(places)
    assert kinds.index("conversation.item.added") > places[-1]
    assert kinds.index("response.created") > places[-1]


def test_speech_cancels_the_response_that_is_being_generated(phone):
    phone.create()
    phone.run(0.5)
    assert phone.of("response.output_audio.delta")
    phone.caller("Stop calling me.", then_silence_ms=0)
    done = phone.of("response.done")[0]["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"]["reason"] == "turn_detected"
    assert done["output"][0]["status"] == "incomplete"
    kinds = [event["type"] for event in phone.events]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.done")
    for kind in ("output_audio.done", "output_audio_transcript.done", "content_part.done", "output_item.done"):
        assert f"response.{kind}" in kinds


def test_late_deltas_follow_speech_started(make_bench, session_config):
    bench = make_bench(late_deltas={"count": 4})
    bench.send("session.update", session=session_config())
    bench.create()
    bench.run(0.5)
    bench.caller("Stop calling me.", then_silence_ms=0)
    kinds = [event["type"] for event in bench.events]
    late = kinds[kinds.index("input_audio_buffer.speech_started") :]
    assert late.count("response.output_audio.delta") == 4


def test_without_interrupt_response_speech_cuts_nothing_and_is_answered_afterwards(make_bench, session_config):
    bench = make_bench()
    bench.send("session.update", session=session_config(interrupt_response=False))
    bench.create()
    bench.run(0.3)
    bench.caller("Yes, sure.", then_silence_ms=600)
    bench.run(20)
    statuses = [done["response"]["status"] for done in bench.of("response.done")]
    assert statuses == ["completed", "completed"]


def test_without_create_response_nobody_answers(make_bench, session_config):
    bench = make_bench()
    bench.send("session.update", session=session_config(create_response=False, interrupt_response=False))
    bench.caller("Yes, sure.")
    bench.run(5)
    assert bench.of("input_audio_buffer.committed")
    assert not bench.of("response.created")


def test_silence_after_the_playback_triggers_a_turn_of_its_own(make_bench, session_config):
    bench = make_bench()
    bench.send("session.update", session=session_config(idle_timeout_ms=5000))
    bench.create()
    bench.run(3)
    done = bench.of("response.done")[0]
    generated = sum(len(event["delta"]) * 3 / 4 / 8 for event in bench.of("response.output_audio.delta"))
    bench.run(generated / 1000 + 1)
    assert not bench.of("input_audio_buffer.timeout_triggered")
    bench.run(5)
    assert bench.of("input_audio_buffer.timeout_triggered")
    bench.run(3)
    assert done["response"]["status"] == "completed"
    assert "still there" in bench.of("response.output_audio_transcript.done")[-1]["transcript"]


def test_commit_by_hand_needs_100_ms(make_bench, session_config):
    config = session_config()
    config["audio"]["input"]["turn_detection"] = None
    bench = make_bench()
    bench.send("session.update", session=config)
    (event,) = bench.send("input_audio_buffer.commit")
    assert event["error"]["code"] == "input_audio_buffer_commit_empty"
    bench.append(b"\xff" * 8 * 120)
    assert bench.send("input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"


def test_touching_the_buffer_in_vad_mode_is_noted(phone):
    assert phone.send("input_audio_buffer.clear")[0]["type"] == "input_audio_buffer.cleared"
    assert "buffer_touched_in_vad_mode" in phone.broken_rules()
