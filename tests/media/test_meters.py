"""A finished call in the metrics: each part of each wait in its histogram."""

from prometheus_client import REGISTRY

from qualify.outcome import Outcome
from tests.qualify.test_latency import answered, conversation
from webhooks.media import meters


def test_a_finished_call_is_counted_in_the_histograms():
    call = conversation()
    answered(call.talk.latency)
    call.talk.counts["late_audio"] = 2

    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = value("firstring_turn_part_seconds_count", part="queue"), value("firstring_greeting_seconds_count")
    late = value("firstring_turn_trouble_total", kind="late_deltas")
    meters.note(call.talk, Outcome("human", None, ()))
    assert value("firstring_turn_part_seconds_count", part="queue") > before[0]
    assert value("firstring_greeting_seconds_count") == before[1] + 1
    assert value("firstring_turn_trouble_total", kind="late_deltas") == late + 2
    assert value("firstring_over_budget_total", measure="first_audio") >= 1
