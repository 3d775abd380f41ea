"""Prometheus metrics of the media process: live calls, endings, and the latency ledger as histograms."""

from prometheus_client import Counter, Gauge, Histogram

from qualify.outcome import Outcome
from qualify.talk import Talk

_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

live = Gauge("firstring_media_live_calls", "Conversations going on")
refused = Counter("firstring_media_refused_total", "Streams refused", ["code"])
calls = Counter("firstring_media_calls_total", "Conversations ended", ["reached", "wanted", "by"])
cost = Counter("firstring_media_model_usd_total", "Spent on the model")
first_audio = Histogram("firstring_turn_first_audio_seconds", "Person stops to first agent audio", buckets=_BUCKETS)
interruption = Histogram("firstring_turn_interrupt_seconds", "Interruption to silence", buckets=_BUCKETS)
tool = Histogram("firstring_tool_seconds", "Tool round trip", ["name"], buckets=_BUCKETS)
flags = Counter("firstring_call_flags_total", "Flags raised on calls", ["flag"])


def note(talk: Talk, result: Outcome) -> None:
    """Count one finished conversation."""
    calls.labels(result.reached, result.wanted or "none", talk.ending.by or "unknown").inc()
    cost.inc(talk.usage.usd)
    for turn in talk.latency.turns:
        if turn.first_audio_ms is not None:
            first_audio.observe(turn.first_audio_ms / 1000)
    for ms in talk.latency.interrupts:
        interruption.observe(ms / 1000)
    for use in talk.latency.tools:
        tool.labels(use["name"]).observe(use["ms"] / 1000)
    for flag in result.flags:
        flags.labels(flag["flag"]).inc()
