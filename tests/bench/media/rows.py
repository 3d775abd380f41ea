"""The media rows of `make bench`: product and floor by turns within one run, medians over the runs."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench.media.stage import Bridge, Floor, Point, Product, measure

Found = dict[str, Any]
PICOWS, WEBSOCKETS, FLOOR = Product("picows"), Product("websockets"), Floor()
BEATS = {calls: Point(calls) for calls in (50, 100)}
JOINED = {calls: Point(calls, join=10, rate=30) for calls in (300, 400, 450)}
TALK = Point(50, mode="talk", warm=8, seconds=12)
FULL = Point(200, mode="talk", warm=8, seconds=12)
CROWD = Point(500, rate=20, at_once=True)


def rows(runs: int) -> list[str]:
    """Markdown of all tables."""
    found: dict[tuple[str, Point], list[Found]] = defaultdict(list)
    plan: list[tuple[Bridge, Point]] = [
        *((bridge, point) for point in BEATS.values() for bridge in (FLOOR, PICOWS, WEBSOCKETS)),
        *((bridge, point) for point in JOINED.values() for bridge in (FLOOR, PICOWS)),
        *((bridge, TALK) for bridge in (FLOOR, PICOWS)),
        (PICOWS, FULL),
        (PICOWS, CROWD),
    ]
    for run in range(runs):
        for bridge, point in plan:
            one = measure(bridge, point)
            found[bridge.name, point].append(one)
            print(f"run {run + 1} {bridge.name} {point}: {brief(one)}", flush=True)
    return [*_beats(found), "", *_joined(found), "", *_talk(found), "", *_limits(found)]


def brief(one: Found) -> Found:
    left_out = ("clears", "heard", "cuts", "sent", "calls")
    return {
        key: round(value, 2) if isinstance(value, float) else value for key, value in one.items() if key not in left_out
    }


def median(many: Sequence[Found], what: Callable[[Found], float]) -> float:
    return statistics.median(what(one) for one in many)


def p(which: str, of: str) -> Callable[[Found], float]:
    return lambda one: float(one[of].get(which, float("nan")))


def _beats(found: dict[tuple[str, Point], list[Found]]) -> list[str]:
    lines = [
        "| bridge | calls | added p50 | p99 | CPU per call-second | of the floor's | lost |",
        "|---|---|---|---|---|---|---|",
    ]
    for calls, point in BEATS.items():
        floor = found[FLOOR.name, point]
        for name in (FLOOR.name, PICOWS.name, WEBSOCKETS.name):
            many = found[name, point]
            ratio = statistics.median(a["cpu_ms"] / b["cpu_ms"] for a, b in zip(many, floor, strict=True))
            latency = [median(many, p(which, "latency_ms")) for which in ("p50", "p99")]
            lines.append(
                f"| {name} | {calls} | {latency[0]:.1f} ms | {latency[1]:.1f} ms"
                f" | {median(many, lambda one: one['cpu_ms']):.2f} ms | {ratio:.2f} | {sum(one['lost'] for one in many)} |"
            )
    return lines


def _joined(found: dict[tuple[str, Point], list[Found]]) -> list[str]:
    lines = [
        "| bridge | calls, 200 ms deltas | on the line | p99 | CPU of the core | lost | harness CPU |",
        "|---|---|---|---|---|---|---|",
    ]
    for calls, point in JOINED.items():
        for name in (FLOOR.name, PICOWS.name):
            many = found[name, point]
            lines.append(
                f"| {name} | {calls} | {median(many, lambda one: one['live']):.0f} | {median(many, p('p99', 'latency_ms')):.1f} ms"
                f" | {median(many, lambda one: 100 * one['busy']):.0f} % | {sum(one['lost'] for one in many)}"
                f" | {median(many, lambda one: 100 * one['harness_busy']):.0f} % |"
            )
    return lines


def heard_errors(one: Found) -> list[float]:
    """Ms heard as the model was told, minus what the caller had really heard."""
    told = {(cut["caller"], cut["answer"]): cut["heard_ms"] for cut in one["cuts"] if cut["what"] == "truncate"}
    return [told[caller, answer] - ms for caller, answer, ms in one["heard"] if (caller, answer) in told]


def decided(one: Found) -> list[float]:
    """Ms between the phone's `clear` and the model's `truncate`, which leave in the same moment."""
    told = [(cut["caller"], cut["at"]) for cut in one["cuts"] if cut["what"] == "truncate"]
    return [
        1000 * min((abs(at - when) for who, when in told if who == caller), default=9.0) for caller, at in one["clears"]
    ]


def _talk(found: dict[tuple[str, Point], list[Found]]) -> list[str]:
    lines = [
        "| bridge | interruptions | speech → clear p50 | p99 | clear ↔ truncate p99 | heard-time error, median | worst"
        " | missed | audio after clear |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in (FLOOR.name, PICOWS.name):
        many = found[name, TALK]
        errors = [error for one in many for error in heard_errors(one)]
        spans = sorted(span for one in many for span in decided(one))
        lines.append(
            f"| {name} | {sum(one['clear_ms']['n'] for one in many)} | {median(many, p('p50', 'clear_ms')):.1f} ms"
            f" | {median(many, p('p99', 'clear_ms')):.1f} ms | {spans[int(0.99 * (len(spans) - 1))]:.1f} ms"
            f" | {statistics.median(errors):.0f} ms | {max(errors, key=abs):.0f} ms"
            f" | {sum(one['missed'] for one in many)} | {1000 * sum(one['stale_s'] for one in many):.0f} ms |"
        )
    return lines


def _limits(found: dict[tuple[str, Point], list[Found]]) -> list[str]:
    full, crowd = found[PICOWS.name, FULL], found[PICOWS.name, CROWD]
    refused = [sum(one["refused"].values()) for one in crowd]
    return [
        f"Memory: {median(full, lambda one: one['kb_per_call']):.0f} kB for each of 200 calls that talk (tape, transcript and"
        f" live view on), {median(full, lambda one: one['idle_kb'] / 1024):.0f} MB before the first.",
        "",
        f"Overload: {CROWD.calls} calls offered at {CROWD.rate:.0f} a second, 20 ms deltas: "
        f"{median(crowd, lambda one: one['live']):.0f} taken, {statistics.median(refused):.0f} refused with 503; of those taken "
        f"{sum(one['dropped'] for one in crowd)} dropped, {sum(one['lost'] for one in crowd)} frames lost, p99 "
        f"{median(crowd, p('p99', 'latency_ms')):.1f} ms at {median(crowd, lambda one: 100 * one['busy']):.0f} % of the core.",
    ]
