"""The response slot, the order of a response's events, bursts, truncation, cancelling, usage, out-of-band responses."""

import base64

from sandbox.realtime.stage import Cut, Freeze, Hang


def _audio_ms(bench):
    return sum(len(base64.b64decode(event["delta"])) for event in bench.of("response.output_audio.delta")) // 8


def test_the_events_of_a_response_in_order(phone):
    phone.create()
    phone.run(10)
    kinds = [event["type"] for event in phone.events]
    order = [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    places = [kinds.index(kind) for kind in order]
    assert places == sorted(places)
    deltas = phone.of("response.output_audio_transcript.delta")
    items = phone.of("response.done")[0]["response"]["output"]
    spoken = "".join(event["delta"] for event in deltas)
    assert spoken == "".join(item["content"][0]["transcript"] for item in items)
    assert "Maria" in spoken


def test_audio_comes_in_bursts_of_odd_sizes_ahead_of_real_time(phone):
    phone.create()
    began = phone.now
    while not phone.of("response.done"):
        phone.run(0.05)
    assert _audio_ms(phone) / 1000 > 3 * (phone.now - began)
    sizes = [len(base64.b64decode(event["delta"])) for event in phone.of("response.output_audio.delta")]
    assert any(size % 160 for size in sizes)
    assert len(set(sizes)) > 2


def test_metadata_comes_back_and_usage_follows_durations(phone):
    phone.create()
    phone.run(10)
    response = phone.of("response.done")[0]["response"]
    assert response["metadata"] == {"client_event_id": "c1"}
    audio_tokens = response["usage"]["output_token_details"]["audio_tokens"]
    assert abs(audio_tokens - _audio_ms(phone) / 50) <= len(response["output"])
    phone.create()
    phone.run(10)
    assert phone.of("response.done")[1]["response"]["usage"]["input_token_details"]["audio_tokens"] >= audio_tokens


def test_one_response_at_a_time(phone):
    phone.create()
    phone.run(0.2)
    active = phone.of("response.created")[0]["response"]["id"]
    (event,) = phone.create()
    assert event["error"]["code"] == "conversation_already_has_active_response"
    assert event["error"]["message"] == (
        f"Conversation already has an active response in progress: {active}. "
        "Wait until the response is finished before creating a new one."
    )
    assert "create_while_active" in phone.broken_rules()


def test_cancel_ends_it_and_a_second_cancel_is_refused(phone):
    phone.create()
    phone.run(0.5)
    phone.send("response.cancel")
    done = phone.of("response.done")[0]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    error = phone.send("response.cancel")[0]["error"]
    assert error["code"] == "response_cancel_not_active"
    assert error["message"] == "Cancellation failed: no active response found"
    assert "cancel_without_response" not in phone.broken_rules(), "it may have crossed the end of the response"
    phone.run(1)
    phone.send("response.cancel")
    assert "cancel_without_response" in phone.broken_rules()


def test_truncate_beyond_what_was_generated_is_refused_in_the_exact_words(phone):
    phone.create()
    phone.run(20)
    item = phone.of("response.done")[0]["response"]["output"][-1]
    generated = phone.session.stage.conversation.find(item["id"]).audio_ms
    truncate = {"item_id": item["id"], "content_index": 0}
    error = phone.send("conversation.item.truncate", audio_end_ms=generated + 60, **truncate)[0]["error"]
    assert error["message"] == f"Audio content of {generated}ms is already shorter than {generated + 60}ms"
    assert error["code"] == "invalid_value"
    assert "truncate_beyond_generated" in phone.broken_rules()
    (event,) = phone.send("conversation.item.truncate", audio_end_ms=generated, **truncate)
    assert event["type"] == "conversation.item.truncated"


def test_truncating_removes_the_transcript_and_tells_what_was_heard(phone):
    phone.create()
    phone.run(20)
    item = phone.of("response.done")[0]["response"]["output"][0]
    phone.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=1500)
    retrieved = phone.send("conversation.item.retrieve", item_id=item["id"])[0]["item"]
    assert retrieved["content"][0]["transcript"] == ""
    heard = phone.session.stage.journal.truncations[0]["heard"]
    assert heard
    assert item["content"][0]["transcript"].startswith(heard)
    assert len(heard) < len(item["content"][0]["transcript"])


def test_unknown_items_are_named(phone):
    for verb in ("truncate", "delete", "retrieve"):
        extra = {"content_index": 0, "audio_end_ms": 0} if verb == "truncate" else {}
        error = phone.send(f"conversation.item.{verb}", item_id="item_nope", **extra)[0]["error"]
        assert error["code"] == f"item_{verb}_invalid_item_id"


def test_an_output_for_an_unknown_call_is_refused(phone):
    item = {"type": "function_call_output", "call_id": "call_nope", "output": "{}"}
    error = phone.send("conversation.item.create", item=item)[0]["error"]
    assert (error["code"], error["message"]) == (
        "invalid_tool_call_id",
        "Tool call ID 'call_nope' not found in conversation.",
    )


def test_an_out_of_band_text_response_runs_beside_the_active_one(phone):
    phone.create()
    phone.run(0.3)
    phone.create(conversation="none", output_modalities=["text"], instructions="Summarise the call as JSON.")
    phone.run(20)
    by_band = {done["response"]["conversation_id"] is None: done["response"] for done in phone.of("response.done")}
    assert by_band[False]["status"] == by_band[True]["status"] == "completed"
    assert '"summary"' in by_band[True]["output"][0]["content"][0]["text"]
    assert not phone.broken_rules()


def test_replayed_history_is_accepted_in_place(phone):
    words = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Yes, I do."}]}
    phone.send("conversation.item.create", item={"id": "h_2", **words})
    first = phone.send("conversation.item.create", item={"id": "h_1", **words}, previous_item_id="root")
    assert first[0]["previous_item_id"] is None
    assert [item.id for item in phone.session.stage.conversation] == ["h_1", "h_2"]


def _with(make_bench, session_config, **faults):
    bench = make_bench()
    bench.send("session.update", session=session_config())
    bench.session.stage.faults.change(faults)
    bench.create()
    bench.run(20)
    return bench


def test_faults_of_a_response(make_bench, session_config):
    failed = _with(make_bench, session_config, fail_response=True).of("response.done")[0]["response"]
    assert failed["status"] == "failed"
    assert failed["status_details"]["error"]["code"] == "inference_rate_limit_exceeded"
    cut = _with(make_bench, session_config, incomplete={"after_ms": 700}).of("response.done")[0]["response"]
    assert (cut["status"], cut["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
    assert _with(make_bench, session_config, empty_response=True).of("response.done")[0]["response"]["output"] == []
    assert not _with(make_bench, session_config, done_unannounced=True).of("response.created")
    assert (
        len([e for e in _with(make_bench, session_config, unknown_events={"count": 3}).events if "novelty" in e]) == 3
    )


def test_faults_of_the_line(make_bench, session_config):
    assert _with(make_bench, session_config, drop={"after_ms": 400}).endings == [Cut()]
    assert _with(make_bench, session_config, drop={"after_ms": 400, "code": 1011}).endings == [
        Hang(1011, "sandbox fault")
    ]
    stalled = _with(make_bench, session_config, stall={"after_ms": 400})
    assert stalled.endings == [Freeze()]
    assert not stalled.of("response.done")


def test_faults_of_an_update(make_bench, session_config):
    bench = make_bench(delay_updated={"seconds": 2}, reject_update={"code": "server_error", "null_event_id": True})
    assert bench.send("session.update", session=session_config())[0]["error"]["event_id"] is None
    assert bench.send("session.update", session=session_config()) == []
    bench.run(1.9)
    assert not bench.of("session.updated")
    bench.run(0.2)
    assert bench.of("session.updated")


def test_max_output_tokens_cuts_the_sentence(phone):
    phone.create(max_output_tokens=20)
    phone.run(10)
    assert phone.of("response.done")[0]["response"]["status"] == "incomplete"
    assert 1000 <= _audio_ms(phone) < 2000


def test_the_same_seed_gives_the_same_bytes(make_bench, session_config):
    first, second = (_with(make_bench, session_config) for _ in range(2))
    assert first.events == second.events


def test_deleted_items_are_billed_no_more(phone):
    """A summary at the root and a block of deletions make the context small again."""
    for number in range(6):
        words = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "word " * 100}]}
        phone.send("conversation.item.create", item={"id": f"old_{number}", **words})
    phone.send("response.create", response={"metadata": {"client_event_id": "rc_1"}})
    phone.run(20)
    before = phone.of("response.done")[-1]["response"]["usage"]["input_tokens"]
    short = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "In short."}]}
    phone.send("conversation.item.create", item={"id": "sum_1", **short}, previous_item_id="root")
    assert phone.session.stage.conversation.items[0].id == "sum_1"
    for number in range(6):
        assert phone.send("conversation.item.delete", item_id=f"old_{number}")[0]["type"] == "conversation.item.deleted"
    phone.send("response.create", response={"metadata": {"client_event_id": "rc_2"}})
    phone.run(20)
    assert phone.of("response.done")[-1]["response"]["usage"]["input_tokens"] < before - 400


def test_an_output_whose_call_was_deleted_is_a_breach(phone):
    call = {"type": "function_call", "id": "f_1", "call_id": "call_1", "name": "check_slots", "arguments": "{}"}
    phone.send("conversation.item.create", item=call)
    phone.send("conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "{}"})
    phone.send("conversation.item.delete", item_id="f_1")
    phone.send("response.create", response={"metadata": {"client_event_id": "rc_1"}})
    assert "output_without_call" in [each["rule"] for each in phone.session.stage.journal.violations]
