"""The Realtime API's server events as typed structs, with the fields we read and no others. Source: the SDK's types."""

from typing import Any

import msgspec


class Format(msgspec.Struct):
    type: str = ""


class Side(msgspec.Struct):
    format: Format | None = None


class Audio(msgspec.Struct):
    input: Side | None = None
    output: Side | None = None


class Session(msgspec.Struct):
    audio: Audio | None = None
    expires_at: float | None = None
    model: str | None = None


class Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None
    type: str | None = None


class Item(msgspec.Struct):
    id: str | None = None
    type: str | None = None
    role: str | None = None
    status: str | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str | None = None


class Details(msgspec.Struct):
    reason: str | None = None
    error: Error | None = None


class Response(msgspec.Struct):
    id: str
    status: str | None = None
    status_details: Details | None = None
    usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    output: list[Item] | None = None


class Wire(msgspec.Struct, tag_field="type"):
    pass


class Created(Wire, tag="session.created"):
    session: Session


class Updated(Wire, tag="session.updated"):
    session: Session


class Speech(Wire, tag="input_audio_buffer.speech_started"):
    item_id: str | None = None
    audio_start_ms: int = 0


class Silence(Wire, tag="input_audio_buffer.speech_stopped"):
    item_id: str | None = None
    audio_end_ms: int = 0


class Committed(Wire, tag="input_audio_buffer.committed"):
    item_id: str


class Heard(Wire, tag="conversation.item.input_audio_transcription.completed"):
    item_id: str
    transcript: str = ""
    usage: dict[str, Any] | None = None


class Unheard(Wire, tag="conversation.item.input_audio_transcription.failed"):
    item_id: str


class ResponseCreated(Wire, tag="response.created"):
    response: Response


class ResponseDone(Wire, tag="response.done"):
    response: Response


class ItemOpened(Wire, tag="response.output_item.added"):
    response_id: str
    item: Item


class ItemClosed(Wire, tag="response.output_item.done"):
    response_id: str
    item: Item


class Kept(Wire, tag="conversation.item.added"):
    item: Item


class Delta(msgspec.Struct, tag_field="type", tag="response.output_audio.delta", gc=False):
    response_id: str
    item_id: str
    delta: str


class AudioDone(Wire, tag="response.output_audio.done"):
    response_id: str
    item_id: str


class Words(Wire, tag="response.output_audio_transcript.delta"):
    response_id: str
    item_id: str
    delta: str = ""


class AllWords(Wire, tag="response.output_audio_transcript.done"):
    response_id: str
    item_id: str
    transcript: str = ""


class Failed(Wire, tag="error"):
    error: Error


DECODER = msgspec.json.Decoder(
    Created
    | Updated
    | Speech
    | Silence
    | Committed
    | Heard
    | Unheard
    | ResponseCreated
    | ResponseDone
    | ItemOpened
    | ItemClosed
    | Kept
    | Delta
    | AudioDone
    | Words
    | AllWords
    | Failed
)
