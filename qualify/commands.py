"""What the session wants done. The bridge carries these out in order; none of them waits for another.

Commands to the model are neutral: `realtime_wire` writes them for today's API.
"""

from dataclasses import dataclass, field
from typing import Any

# --- to the phone ---


@dataclass(frozen=True, slots=True)
class Play:
    """Send this audio to the phone, which buffers and plays it in order."""

    payload: str


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Throw away everything the phone has not played yet."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the phone call at the carrier."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the phone call to a person of the roster; the carrier then ends our stream."""

    person: str
    number: str


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Let go of the phone's socket: the call has ended, or ends by that."""


@dataclass(frozen=True, slots=True)
class StartRecording:
    pass


# --- to the model ---


@dataclass(frozen=True, slots=True)
class ConnectModel:
    """Open a new model session after `delay` seconds; replaces any older one."""

    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class DropModel:
    """Close the model's socket for good."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Send the session's configuration. `listening`: whether speech interrupts and is answered by itself."""

    event_id: str
    listening: bool
    whole: bool = True
    """False: only the listening part changes."""
    minimal: bool = False


@dataclass(frozen=True, slots=True)
class SendAudio:
    payload: str


@dataclass(frozen=True, slots=True)
class AskResponse:
    event_id: str
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class CancelResponse:
    event_id: str
    response_id: str


@dataclass(frozen=True, slots=True)
class Truncate:
    event_id: str
    item_id: str
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class AnswerTool:
    event_id: str
    call_id: str
    output: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AddItem:
    """Put a line into the conversation: role `user`, `assistant` or `system`."""

    event_id: str
    role: str
    text: str


# --- to our own side ---


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run beside the read loop; answer with `ToolAnswered`. `confirmed`: read-backs the person heard and then spoke to."""

    call_id: str
    name: str
    arguments: str
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonMet:
    """A person is on the phone, whatever the carrier may still say: record it now."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """The person must never be called again: record it now."""

    channel: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Deliver `ClockRang` at this time of the session's clock; replaces the earlier wish."""

    at: float


@dataclass(frozen=True, slots=True)
class Tell:
    """For whoever watches the call live."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing more will come of this call: let go of everything."""


ToPhone = Play | Mark | Clear | HangUp | Transfer | CloseStream | StartRecording
ToModel = Configure | AskResponse | CancelResponse | Truncate | AnswerTool | AddItem
ToUs = SendAudio | ConnectModel | DropModel | RunTool | PersonMet | Suppress | WakeAt | Tell | Finish
Command = ToPhone | ToModel | ToUs
