"""The ledger of waiting: what the person felt, and whose share it was."""

from typing import Any

from qualify import commands as do
from qualify import events as ev
from qualify.latency import COUNTS, Latency
from tests.qualify.script import GREETING, Call, audio


def answered(ledger: Latency, item: str = "a1", at: float = 10.0) -> Latency:
    """A turn: 450 ms of silence, 20 ms in the queue, 430 ms of model and tools, 80 ms to the phone."""
    ledger.caller_stopped(at, at + 0.45)
    ledger.committed(at + 0.45)
    ledger.response_started(at + 0.47)
    ledger.tool("check_slots", 0.12)
    ledger.audio_sent(item, at + 0.9)
    ledger.sounded(item, at + 0.98)
    return ledger


def test_a_turn_is_counted_from_the_persons_last_sound_to_our_first_audio():
    report = answered(Latency()).report()
    assert report["turns"] == [900]
    assert report["first_audio"] == {"n": 1, "p50": 900, "p95": 900, "max": 900, "budget": 700, "over_budget": 1}
    assert report["heard"]["p50"] == 980
    assert report["parts"] == [{"noticed": 450, "queue": 20, "model": 310, "tools": 120, "network": 80}]
    assert report["tools_in_turns"] == [120]


def test_the_parts_add_up_to_what_was_heard():
    report = answered(Latency()).report()
    assert sum(report["parts"][0].values()) == report["heard"]["p50"]


def test_only_the_first_audio_of_a_turn_counts_and_an_echo_belongs_to_its_item():
    ledger = answered(Latency())
    ledger.audio_sent("a2", 11.0)
    ledger.sounded("a2", 11.1)
    ledger.sounded("a1", 15.0)
    assert ledger.report()["heard"] == {"n": 1, "p50": 980, "p95": 980, "max": 980}


def test_audio_nobody_waited_for_is_no_turn_and_tools_outside_turns_belong_to_none():
    ledger = Latency()
    ledger.audio_sent("a1", 1.0)
    ledger.tool("save_answers", 0.01)
    report = ledger.report()
    assert report["turns"] == report["tools_in_turns"] == []
    assert report["tool"]["n"] == report["tool_by_name"]["save_answers"]["n"] == 1


def test_the_hang_up_counts_from_the_end_of_the_goodbye_once():
    ledger = Latency()
    ledger.hung_up(5.0)
    ledger.intend_to_end(6.0)
    ledger.hung_up(6.4)
    ledger.hung_up(9.0)
    assert ledger.report()["hang_up_ms"] == 400


def test_each_budget_is_checked_on_each_call():
    ledger = answered(Latency())
    ledger.interrupted(1.0, 1.15)
    assert ledger.report()["over_budget"] == ["first_audio"]
    ledger.interrupted(1.0, 1.25)
    ledger.tool("schedule", 0.5)
    report = ledger.report()
    assert report["over_budget"] == ["first_audio", "interrupt", "tool"]
    assert not report["within_budget"]
    assert Latency().report()["within_budget"]


def test_disturbances_are_counted_by_name():
    report = Latency().report({"late_audio": 3, "truncates_refused": 1, "unknown:model:x": 9})
    assert report["trouble"] == dict.fromkeys(COUNTS, 0) | {"late_deltas": 3, "truncate_errors": 1}


def conversation() -> Call:
    call = Call()
    call.model_opens().model_ready().caller_says("Hello?")
    call.wait(0.3)
    call.agent_says(GREETING, 6000)
    return call.wait(7.0)


def test_the_greeting_is_timed_from_the_answer_and_from_the_callees_own_greeting():
    """The budget of two seconds is for the second."""
    report = conversation().talk.latency.report()
    assert report["greeting_ms"] == 800
    assert report["greeting_after_ms"] >= 300
    assert report["greeting"]["budget"] == 2000


def test_a_real_turn_has_all_its_parts():
    """Rule 12: buffer offsets become times of the clock."""
    call = conversation()
    call.on(ev.SpeechStarted("u9", 0)).wait(0.5).on(ev.SpeechStopped("u9", 0)).wait(0.01)
    call.on(ev.SpeechCommitted("u9")).wait(0.05)
    response = call.response()
    call.wait(0.2).on(ev.AgentItem(response, "a9")).on(ev.AgentAudio(response, "a9", audio(200))).wait(0.5)
    parts: dict[str, Any] = call.talk.latency.report()["parts"][-1]
    assert set(parts) == {"noticed", "queue", "model", "tools", "network"}
    assert (parts["queue"], parts["model"], parts["tools"]) == (50, 200, 0)
    assert call.of(do.Play)


def test_the_account_of_a_long_call_has_every_turn():
    """Older turns are packed; what is reported does not change by it."""
    latency = Latency()
    for number in range(200):
        latency.caller_stopped(float(number), number + 0.01)
        latency.committed(number + 0.02)
        latency.response_started(number + 0.1)
        latency.audio_sent(f"a{number}", number + 0.2 + number / 1000)
        latency.sounded(f"a{number}", number + 0.5)
    report = latency.report()
    assert report["turns"] == [200 + number for number in range(200)]
    assert report["heard"]["n"] == len(report["parts"]) == 200
    assert len(latency.turns) < 32
