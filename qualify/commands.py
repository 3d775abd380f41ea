"""What the session wants done. The bridge carries these out in order; none of them waits for another.

Commands to the model are neutral: `realtime_wire` writes them for today's API. Those that carry audio are made a hundred
times a second on every call and are msgspec structs: a frozen dataclass costs four times as much to make.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from qualify.hearing import Hearing

# --- to the phone ---


class Play(msgspec.Struct, frozen=True, gc=False):
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
    ordered: bool = False
    """A supervisor takes over: nobody has told the person yet, and nobody but this colleague is rung."""


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Let go of the phone's socket: the call has ended, or ends by that."""


@dataclass(frozen=True, slots=True)
class StartRecording:
    pass


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Silence takes the place of what is said."""


@dataclass(frozen=True, slots=True)
class ResumeRecording:
    pass


@dataclass(frozen=True, slots=True)
class DiscardRecording:
    """Stop it and delete what there is of it."""


# --- to the model ---


@dataclass(frozen=True, slots=True)
class ConnectModel:
    """Open a new model session after `delay` seconds; replaces any older one."""

    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class PrepareModel:
    """Open a second line to the model beside the present one, and keep it unread; answer with `StandbyReady` or `StandbyLost`."""


@dataclass(frozen=True, slots=True)
class SwitchModel:
    """The second line becomes the model; the first one is closed, and nothing more of it is read."""


@dataclass(frozen=True, slots=True)
class DropModel:
    """Close the model's socket for good."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Send the session's configuration. `hearing`: how turns are detected."""

    event_id: str
    hearing: Hearing
    whole: bool = True
    """False: only the hearing changes, so that the model's cache of all else survives."""
    minimal: bool = False
    language: str = ""
    """Of the talk from now on; empty: the one it began in."""


class SendAudio(msgspec.Struct, frozen=True, gc=False):
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
    """Put a line into the conversation: role `user`, `assistant` or `system`; at its end, or `first` of all."""

    event_id: str
    role: str
    text: str
    item_id: str = ""
    """Of our own choosing, when it is to be found again."""
    first: bool = False


@dataclass(frozen=True, slots=True)
class DeleteItem:
    event_id: str
    item_id: str


# --- to our own side ---


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run beside the read loop; answer with `ToolAnswered`. `confirmed`: read-backs the person heard and then spoke to."""

    call_id: str
    name: str
    arguments: str
    confirmed: frozenset[str] = frozenset()
    language: str = ""
    """Of the talk: what the tool's answer is worded in."""


@dataclass(frozen=True, slots=True)
class SpeakIn:
    """The talk goes on in this language: record it now, so that what the carrier says is in it as well."""

    language: str


@dataclass(frozen=True, slots=True)
class Reached:
    """Who is on the phone, whatever the carrier may still say: record it now. `who`: `human` or `screening`."""

    who: str


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """Have the carrier say the campaign's message, once, and hang up; it ends our stream."""


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
    """Nothing more will come of this call: let go of everything, of the model once it has told what it is owed."""


Audio = Play | SendAudio
"""Carried out a hundred times a second on every call."""
ToPhone = Mark | Clear | HangUp | Transfer | CloseStream
ToRecorder = StartRecording | PauseRecording | ResumeRecording | DiscardRecording
ToModel = Configure | AskResponse | CancelResponse | Truncate | AnswerTool | AddItem | DeleteItem
ToUs = (
    ConnectModel
    | PrepareModel
    | SwitchModel
    | DropModel
    | RunTool
    | SpeakIn
    | Reached
    | LeaveMessage
    | Suppress
    | WakeAt
    | Tell
    | Finish
)
Seldom = ToPhone | ToRecorder | ToModel | ToUs
Command = Audio | Seldom
