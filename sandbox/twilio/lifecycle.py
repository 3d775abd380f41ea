"""The states of a call and the only ways between them, with the callback event each arrival fires."""

from __future__ import annotations

from typing import Final

TERMINAL: Final = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})

NEXT: Final[dict[str, frozenset[str]]] = {
    "queued": frozenset({"initiated", "canceled", "failed"}),
    "initiated": frozenset({"ringing", "in-progress", "busy", "no-answer", "failed", "canceled", "completed"}),
    "ringing": frozenset({"in-progress", "busy", "no-answer", "failed", "canceled", "completed"}),
    "in-progress": frozenset({"completed", "failed"}),
    **{status: frozenset[str]() for status in TERMINAL},
}

# `initiated` is an event and a CallStatus in callbacks, but no status of the REST resource.
REST_STATUS: Final = {"initiated": "queued"}


def event_of(status: str) -> str | None:
    """The StatusCallbackEvent fired on arrival in this status."""
    if status in TERMINAL:
        return "completed"
    return {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}.get(status)


class WrongTurn(RuntimeError):
    """The simulation tried a transition Twilio never makes."""


def check(before: str, after: str) -> None:
    if after not in NEXT[before]:
        raise WrongTurn(f"{before} -> {after}")
