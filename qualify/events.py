"""What can happen to a live call, in our words, whoever the carrier and the model are. The tape is a list of these.

Both wires translate into events, and `Session.handle` takes them one by one. Audio stays base64 text from end to end.
"""

from typing import Any

import msgspec


class Happening(msgspec.Struct, frozen=True, tag_field="what", tag=str.lower, omit_defaults=True, gc=False):
    """Base of all events; `what` names the class on a tape."""


# --- from the phone ---


class CallerAudio(Happening, frozen=True):
    """One frame, as it came. `timestamp` is the stream's own ms."""

    payload: str
    timestamp: int = 0
    chunk: int = 0
    """Counts the frames of the stream from 1; 0 when it was not told."""
    track: str = "inbound"


class MarkEchoed(Happening, frozen=True):
    """The phone played (or flushed) everything before this mark."""

    name: str


class KeyPressed(Happening, frozen=True):
    digit: str


class StreamEnded(Happening, frozen=True):
    """The phone leg is gone: `stop` (hung up), `closed` (socket lost)."""

    how: str = "stop"


# --- from the model ---


class ModelOpened(Happening, frozen=True):
    """A new, empty model session exists."""

    expires_at: float = 0.0
    """Seconds since 1970; 0 when it does not say."""
    model: str = ""


class ModelConfigured(Happening, frozen=True):
    """Our configuration is in effect, with these formats."""

    input_format: str = ""
    output_format: str = ""
    model: str = ""
    """The snapshot that really answers."""


class ModelLost(Happening, frozen=True):
    """The model's socket closed or could not be opened; `fatal` means trying again cannot help."""

    code: int = 0
    reason: str = ""
    fatal: bool = False


class SpeechStarted(Happening, frozen=True):
    item_id: str = ""
    audio_ms: int = 0


class SpeechStopped(Happening, frozen=True):
    item_id: str = ""
    audio_ms: int = 0


class SpeechCommitted(Happening, frozen=True):
    """What the person said is now part of the conversation."""

    item_id: str


class CallerWords(Happening, frozen=True):
    """The transcript of the person's turn; empty when it could not be understood."""

    item_id: str
    text: str
    seconds: float = 0.0
    """Audio length billed by the second, when the transcriber bills so."""
    usage: dict[str, Any] = {}
    failed: bool = False
    """The transcriber broke: nothing is known of what was said."""


class ResponseStarted(Happening, frozen=True):
    response_id: str
    request_id: str = ""
    """The `client_event_id` we gave, empty when the model began by itself."""


class AgentItem(Happening, frozen=True):
    """The response opened a spoken item."""

    response_id: str
    item_id: str


class AgentAudio(Happening, frozen=True):
    response_id: str
    item_id: str
    payload: str


class AgentWords(Happening, frozen=True):
    response_id: str
    item_id: str
    text: str
    whole: bool = False
    """True: `text` replaces what the pieces said so far."""


class AgentAudioEnded(Happening, frozen=True):
    response_id: str
    item_id: str


class ToolAsked(Happening, frozen=True):
    response_id: str
    call_id: str
    name: str
    arguments: str
    complete: bool = True
    """False: the call was cut off; its arguments may be half."""


class ItemKept(Happening, frozen=True):
    """The model's conversation holds this item now, whoever made it."""

    item_id: str
    call_id: str = ""
    kind: str = "function_call_output"
    role: str = ""


class ResponseEnded(Happening, frozen=True):
    response_id: str
    status: str
    reason: str = ""
    code: str = ""
    usage: dict[str, Any] = {}


class ModelError(Happening, frozen=True):
    code: str
    message: str = ""
    param: str = ""
    event_id: str = ""


class Unknown(Happening, frozen=True):
    """Something we have no word for: counted, never fatal."""

    source: str
    kind: str = ""


# --- from our own side ---


class ToolAnswered(Happening, frozen=True):
    call_id: str
    result: dict[str, Any]


class StandbyReady(Happening, frozen=True):
    """The second line to the model is open."""


class StandbyLost(Happening, frozen=True):
    """The second line could not be had."""

    reason: str = ""


class TransferFailed(Happening, frozen=True):
    """The carrier would not hand the call over."""

    code: str = ""


class ClockRang(Happening, frozen=True):
    """The time asked for by `WakeAt` has come."""


class Verdict(Happening, frozen=True):
    """The carrier's opinion on who answered."""

    answered_by: str


class CallOver(Happening, frozen=True):
    """The carrier says that the call has ended."""


class StopAsked(Happening, frozen=True):
    """An opt-out that came another way (API, supervisor), or an order to end the call. `by`: who gave it, if a person."""

    reason: str = "opted_out"
    by: str = ""


class TakeOverAsked(Happening, frozen=True):
    """A supervisor wants this person of the roster on the phone instead of the agent, now."""

    person: str
    number: str
    by: str = ""


class Whispered(Happening, frozen=True):
    """A supervisor's words for the model alone."""

    text: str
    by: str = ""


class SayAsked(Happening, frozen=True):
    """A supervisor's words, to be said exactly so."""

    text: str
    by: str = ""


class CameBack(Happening, frozen=True):
    """This conversation goes on where an earlier one of the same call left off: nobody took the call.

    `turns`: role and text, as heard. `at_ms`: how long ago the call's first conversation began. `facts`: what is known.
    """

    turns: list[tuple[str, str]]
    at_ms: int = 0
    disclosed_ms: int | None = None
    recorded: bool = False
    ordered: bool = False
    """The transfer was a supervisor's order, not the person's wish."""
    facts: str = ""
    answered: list[str] = []
    """Ids of the questions that were answered."""
    booked: bool = False


PhoneEvent = CallerAudio | MarkEchoed | KeyPressed | StreamEnded
ModelEvent = (
    ModelOpened
    | ModelConfigured
    | ModelLost
    | SpeechStarted
    | SpeechStopped
    | SpeechCommitted
    | CallerWords
    | ResponseStarted
    | AgentItem
    | AgentAudio
    | AgentWords
    | AgentAudioEnded
    | ToolAsked
    | ItemKept
    | ResponseEnded
    | ModelError
)
Order = StopAsked | TakeOverAsked | Whispered | SayAsked
OwnEvent = (
    ToolAnswered
    | StandbyReady
    | StandbyLost
    | TransferFailed
    | ClockRang
    | Verdict
    | CallOver
    | CameBack
    | Order
    | Unknown
)
Event = PhoneEvent | ModelEvent | OwnEvent
