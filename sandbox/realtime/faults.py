"""Misbehaviour on demand: named knobs, each spent after `times` uses (default 1; 0 means until reset).

`POST /_sandbox/faults` takes an object; a knob is set by its parameters (`true` for none), cleared by null:

    handshake       {"status": 401|429|503}                    the WebSocket handshake is refused
    delay_updated   {"seconds": 2}                             session.updated comes late
    reject_update   {"code", "message", "param", "null_event_id": true}   an update is refused whole
    wrong_format    true                                       session.updated echoes audio/pcm
    latency         {"seconds": 1.5}                           response.created to first output
    slow_create     {"seconds": 3}                             response.create is queued that long
    fail_response   {"code", "message"}                        response.done failed, no audio
    incomplete      {"reason": "max_output_tokens"|"content_filter", "after_ms": 800}
    empty_response  true                                       completed without any output
    late_deltas     {"count": 5}                               audio that still comes after speech_started
    done_unannounced true                                      a response without response.created
    invalid_arguments true                                     a tool call whose JSON is cut
    unknown_events  {"count": 3}                               event types and keys nobody knows
    transcription_failed true                                  input transcription fails
    mishear         true                                       the model understands nothing of the next turn
    server_error    true                                       an `error` event between two others
    drop            {"after_ms": 500, "code": 1011}            in mid-response; no code: the TCP line is cut (1006)
    drop_now        {"code": 1001}                             at once, for every open session
    stall           {"after_ms": 500}                          half-open: nothing is sent or read any more
    expire          {"after_s": 3, "code": 1000}               session_expired, then the close, unannounced
    lifetime        {"seconds": 310}                           the next session says that it expires so soon, and does
"""

from dataclasses import dataclass, field
from typing import Any

KNOBS = [
    "handshake",
    "delay_updated",
    "reject_update",
    "wrong_format",
    "latency",
    "slow_create",
    "fail_response",
    "incomplete",
    "empty_response",
    "late_deltas",
    "done_unannounced",
    "invalid_arguments",
    "unknown_events",
    "transcription_failed",
    "mishear",
    "server_error",
    "drop",
    "drop_now",
    "stall",
    "expire",
    "lifetime",
]

Parameters = dict[str, Any]


class UnknownKnob(ValueError):
    """The faults document names something this server cannot do."""


@dataclass
class Faults:
    _set: dict[str, Parameters] = field(default_factory=dict)

    def change(self, document: dict[str, Any]) -> None:
        """Sets or clears what the document names; refuses it whole when a knob is unknown."""
        unknown = sorted(set(document) - set(KNOBS))
        if unknown:
            raise UnknownKnob(f"unknown knob {unknown[0]!r}; known: {', '.join(KNOBS)}")
        for name, value in document.items():
            if value is None or value is False:
                self._set.pop(name, None)
            else:
                self._set[name] = {} if value is True else dict(value)

    def clear(self) -> None:
        self._set.clear()

    def take(self, name: str) -> Parameters | None:
        """The parameters of this use, or None; a knob used up is gone."""
        parameters = self._set.get(name)
        if parameters is None:
            return None
        times = int(parameters.get("times", 1))
        if times == 1:
            del self._set[name]
        elif times > 1:
            self._set[name] = {**parameters, "times": times - 1}
        return parameters

    def names(self) -> list[str]:
        return sorted(self._set)
