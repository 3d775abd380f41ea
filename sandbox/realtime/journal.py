"""What a session was asked and what rules were broken: the assert side of the server, read by `GET /_sandbox/sessions`.

Every client frame is noted with its time (appends as runs), every breach of the bridge rules of the GA protocol as a
violation with the rule's name. It decides nothing about the conversation.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Journal:
    """Times are seconds since the session was opened."""

    session_id: str
    model: str
    opened_at: float
    frames: list[dict[str, Any]] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    truncations: list[dict[str, Any]] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    appended_bytes: int = 0
    closed: dict[str, Any] | None = None
    now: float = 0.0
    _event_ids: set[str] = field(default_factory=set)

    def at(self) -> float:
        return round(self.now - self.opened_at, 3)

    def note_append(self, size: int) -> None:
        self.appended_bytes += size
        last = self.frames[-1] if self.frames else None
        if last and last["type"] == "input_audio_buffer.append":
            last["count"] += 1
            last["bytes"] += size
            last["last_t"] = self.at()
        else:
            t = self.at()
            self.frames.append({"t": t, "last_t": t, "type": "input_audio_buffer.append", "count": 1, "bytes": size})

    def note_frame(self, event: dict[str, Any]) -> None:
        """Any frame but an append; `event_id` is optional on the wire but our bridge promises a unique one."""
        kind, event_id = str(event.get("type")), event.get("event_id")
        self.frames.append({"t": self.at(), "type": kind, "event_id": event_id, "event": event})
        if not event_id:
            self.violate("missing_event_id", kind)
        elif str(event_id) in self._event_ids:
            self.violate("duplicate_event_id", kind)
        else:
            self._event_ids.add(str(event_id))

    def violate(self, rule: str, detail: str = "") -> None:
        self.violations.append({"t": self.at(), "rule": rule, "detail": detail})

    def note_call(self, call_id: str, name: str, arguments: str) -> None:
        self.tool_calls.append(
            {"t": self.at(), "call_id": call_id, "name": name, "arguments": arguments, "output": None, "output_t": None}
        )

    def note_output(self, call_id: str, output: str) -> None:
        for call in self.tool_calls:
            if call["call_id"] == call_id and call["output"] is None:
                call.update(output=output, output_t=self.at())
                return

    def note_close(self, code: int, by: str) -> None:
        if self.closed is None:
            self.closed = {"t": self.at(), "code": code, "by": by}

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    def report(self) -> dict[str, Any]:
        return {
            "id": self.session_id,
            "model": self.model,
            "closed": self.closed,
            "appended_ms": self.appended_bytes // 8,
            "frames": self.frames,
            "violations": self.violations,
            "truncations": self.truncations,
            "tool_calls": self.tool_calls,
            "transcript": self.transcript,
            "responses": self.responses,
            "errors": self.errors,
        }
