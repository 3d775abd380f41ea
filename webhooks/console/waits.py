"""The latency ledger of a call as rows people can read: what was waited for, how long, and what was promised. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMES = {
    "heard": "Person stops → agent is heard",
    "first_audio": "Person stops → first audio sent",
    "noticed": "… silence that ends a turn",
    "queue": "… until the model begins",
    "model": "… the model itself",
    "tools": "… our tools",
    "network": "… on the way to the phone",
    "interrupt": "Interruption → silence",
    "tool": "Tool round trip",
    "greeting": "Their greeting ends → ours begins",
    "hang_up": "Goodbye heard → hung up",
}
TROUBLE = {
    "false_barge_ins": "interruptions that were only noise",
    "slot_conflicts": "requests while the model was busy",
    "late_deltas": "pieces of audio that came too late",
    "truncate_errors": "cuts the model refused",
}


@dataclass(frozen=True, slots=True)
class Wait:
    name: str
    times: int
    typical: int
    worst: int
    goal: int | None
    over: int


def waits(latency: Mapping[str, Any]) -> list[Wait]:
    """One row per measure that occurred; parts nobody waited for are left out."""
    rows = []
    for measure, name in NAMES.items():
        spread = latency.get(measure)
        if not isinstance(spread, Mapping) or not spread.get("n") or (measure == "tools" and not spread["max"]):
            continue
        over = int(spread.get("over_budget", 0))
        rows.append(Wait(name, spread["n"], spread["p50"], spread["max"], spread.get("budget"), over))
    return rows


def trouble(latency: Mapping[str, Any]) -> str:
    """What went wrong in taking turns: "2 interruptions that were only noise"; empty when nothing did."""
    counts = latency.get("trouble")
    counts = counts if isinstance(counts, Mapping) else {}
    return ", ".join(f"{counts[kind]} {name}" for kind, name in TROUBLE.items() if counts.get(kind))
