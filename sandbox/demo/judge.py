"""Says whether each lead ended as its part says, by the API's story and by what the vendors really got. Pure."""

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.demo.observe import Seen

BROKEN = ("dropped", "conversation_failed", "network_trouble", "unaccounted")
"""Endings that are the product's own breakage (a process was killed); such a call is made up for by another."""


def e164(phone: str, country: str) -> str:
    """The number as the carrier saw it; the demo's numbers are US or Australian."""
    digits = "".join(ch for ch in phone if ch.isdigit())
    if phone.startswith("+"):
        return "+" + digits
    return "+61" + digits[1:] if country == "AU" else "+1" + digits


def faults(
    seen: Seen, posts: dict[str, int], events: Sequence[dict[str, Any]], crm_calls: Sequence[str]
) -> Iterator[str]:
    """One sentence per thing that is not as it must be."""
    part = seen.part
    if seen.answer.get("http") != 202:
        yield f"the door answered {seen.answer.get('http')}"
        return
    if seen.status != part.status:
        yield f"ended as {seen.status or 'nothing'} ({seen.reason}), expected {part.status}"
    if part.reason and part.reason not in seen.reason:
        yield f"reason is {seen.reason!r}, expected {part.reason}"
    if part.status == "duplicate":
        return
    made = posts.get(e164(part.phone, part.country), 0)
    known = sum(attempt["state"] != "unknown_no_call" for attempt in seen.attempts)
    if made != known:
        yield f"the carrier was asked for {made} calls, the product knows of {known}"
    meant = sum(attempt["disposition"] not in BROKEN for attempt in seen.attempts)
    if meant != part.calls:
        yield f"{meant} calls went as they should, expected {part.calls}"
    if part.status == "booked":
        event_id = seen.booking.get("event_id")
        if not any(event.get("id") == event_id and event.get("status") == "confirmed" for event in events):
            yield "the meeting is not in the calendar"
    talked = [attempt for attempt in seen.attempts if attempt.get("call")]
    for attempt in talked:
        written = sum(attempt["attempt_id"] in body for body in crm_calls)
        if written != 1:
            yield f"the CRM has {written} records of call {attempt['number']}, expected 1"


def latency(everyone: Sequence[Seen]) -> dict[str, float | int | None]:
    """Form → carrier, in milliseconds, over the leads whose first call was due at once."""
    spans = sorted(seen.rang_after * 1000 for seen in everyone if seen.rang_after is not None)
    if not spans:
        return {"leads": 0, "median_ms": None, "p95_ms": None}
    p95 = spans[min(len(spans) - 1, round(0.95 * (len(spans) - 1)))]
    return {"leads": len(spans), "median_ms": round(statistics.median(spans), 1), "p95_ms": round(p95, 1)}
