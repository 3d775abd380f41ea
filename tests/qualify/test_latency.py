"""The ledger of waiting: what the person felt, and whose share it was."""

from qualify.latency import Latency


def test_a_turn_is_counted_from_the_persons_last_sound_to_our_first_audio():
    ledger = Latency()
    ledger.caller_stopped(10.0, 10.45)
    ledger.response_started(10.46)
    ledger.tool("check_slots", 0.12)
    ledger.audio_sent(10.9)
    ledger.audio_sent(11.0)
    report = ledger.report()
    assert report["turns"] == [900]
    assert report["first_audio"] == {"n": 1, "p50": 900, "p95": 900, "max": 900, "over_budget": 1}
    assert (report["noticed"]["p50"], report["model"]["p50"], report["tools_in_turns"]) == (450, 440, [120])


def test_audio_nobody_waited_for_is_no_turn_and_tools_outside_turns_belong_to_none():
    ledger = Latency()
    ledger.audio_sent(1.0)
    ledger.tool("save_answers", 0.01)
    report = ledger.report()
    assert report["turns"] == report["tools_in_turns"] == []
    assert report["tool"]["n"] == 1


def test_the_hang_up_counts_from_the_end_of_the_goodbye_once():
    ledger = Latency()
    ledger.hung_up(5.0)
    ledger.intend_to_end(6.0)
    ledger.hung_up(6.4)
    ledger.hung_up(9.0)
    assert ledger.report()["hang_up_ms"] == 400
