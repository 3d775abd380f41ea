"""Prometheus metrics of the media process: live calls, endings, and the latency ledger as histograms."""

from prometheus_client import Counter, Gauge, Histogram

from qualify.latency import COUNTS, PARTS
from qualify.outcome import Outcome
from qualify.talk import Talk

_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""The budgets of DESIGN section 6 are among them: 0.2, 0.4, 0.7, 1.5, 2."""

live = Gauge("firstring_media_live_calls", "Conversations going on")
lag = Gauge(
    "firstring_media_lag_seconds", "Lateness of the audio loop that nine of ten ticks of two seconds keep within"
)
busy = Gauge("firstring_media_busy_ratio", "Share of a core the audio loop uses")
full = Gauge("firstring_media_full", "1 while new calls are refused for load")
refused = Counter("firstring_media_refused_total", "Streams refused", ["code"])
calls = Counter("firstring_media_calls_total", "Conversations ended", ["reached", "wanted", "by"])
cost = Counter("firstring_media_model_usd_total", "Spent on the model")
machine_cost = Counter("firstring_media_machine_usd_total", "Spent on the model while machines had answered")
answers = Counter("firstring_media_answers_total", "Who answered, and what the carrier made of it", ["who", "verdict"])
first_audio = Histogram("firstring_turn_first_audio_seconds", "Person stops to first agent audio", buckets=_BUCKETS)
heard = Histogram(
    "firstring_turn_heard_seconds", "Person stops to the agent's first sound, as echoed", buckets=_BUCKETS
)
part = Histogram("firstring_turn_part_seconds", "Parts of a turn's wait", ["part"], buckets=_BUCKETS)
interruption = Histogram("firstring_turn_interrupt_seconds", "Interruption to silence", buckets=_BUCKETS)
tool = Histogram("firstring_tool_seconds", "Tool round trip", ["name"], buckets=_BUCKETS)
greeting = Histogram("firstring_greeting_seconds", "Callee's greeting ends to our first audio", buckets=_BUCKETS)
hang_up = Histogram("firstring_hang_up_seconds", "Goodbye heard to the line's end", buckets=_BUCKETS)
over_budget = Counter("firstring_over_budget_total", "Calls that broke a latency budget", ["measure"])
trouble = Counter("firstring_turn_trouble_total", "Disturbances of turn taking", ["kind"])
flags = Counter("firstring_call_flags_total", "Flags raised on calls", ["flag"])
_PLAIN = {
    "first_audio": first_audio,
    "heard": heard,
    "interrupt": interruption,
    "greeting": greeting,
    "hang_up": hang_up,
}


def note(talk: Talk, result: Outcome) -> None:
    """Count one finished conversation."""
    calls.labels(result.reached, result.wanted or "none", talk.ending.by or "unknown").inc()
    cost.inc(talk.usage.usd)
    machine_cost.inc(talk.usage.usd if result.reached in ("voicemail", "machine") else 0.0)
    answers.labels(talk.presence.who.value, talk.presence.verdict or "none").inc()
    _latency(talk)
    for flag in result.flags:
        flags.labels(flag["flag"]).inc()


def _latency(talk: Talk) -> None:
    report, measured = talk.latency.report(talk.counts), talk.latency.measured()
    for measure, values in measured.items():
        histogram = part.labels(measure) if measure in PARTS else _PLAIN.get(measure)
        if histogram is not None:
            for ms in values:
                histogram.observe(ms / 1000)
    for use in talk.latency.tools:
        tool.labels(use["name"]).observe(use["ms"] / 1000)
    for measure in report["over_budget"]:
        over_budget.labels(measure).inc()
    for kind in COUNTS:
        trouble.labels(kind).inc(report["trouble"][kind])
