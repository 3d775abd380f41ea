"""Reading OpenAI's Realtime API (GA, WebSocket), without I/O: text to events. Writing is `realtime_frames`.

msgspec reads what we know into typed structs; what we don't know becomes `Unknown` and is never fatal. Audio stays base64
text. Source: the SDK's realtime types (held to them by tests).
"""

from typing import Any

import msgspec

from qualify import events as ev
from qualify.audio import is_base64

FATAL_CLOSES = frozenset({1008, 4000})  # 4000: the API's word for a protocol it no longer speaks
FATAL_STATUS = frozenset({400, 401, 403, 404})


class _Format(msgspec.Struct):
    type: str = ""


class _Side(msgspec.Struct):
    format: _Format | None = None


class _Audio(msgspec.Struct):
    input: _Side | None = None
    output: _Side | None = None


class _Session(msgspec.Struct):
    audio: _Audio | None = None
    expires_at: float | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None
    type: str | None = None


class _Item(msgspec.Struct):
    id: str | None = None
    type: str | None = None
    role: str | None = None
    status: str | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str | None = None


class _Details(msgspec.Struct):
    reason: str | None = None
    error: _Error | None = None


class _Response(msgspec.Struct):
    id: str
    status: str | None = None
    status_details: _Details | None = None
    usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    output: list[_Item] | None = None


class _Wire(msgspec.Struct, tag_field="type"):
    pass


class _Created(_Wire, tag="session.created"):
    session: _Session


class _Updated(_Wire, tag="session.updated"):
    session: _Session


class _Speech(_Wire, tag="input_audio_buffer.speech_started"):
    item_id: str | None = None
    audio_start_ms: int = 0


class _Silence(_Wire, tag="input_audio_buffer.speech_stopped"):
    item_id: str | None = None
    audio_end_ms: int = 0


class _Committed(_Wire, tag="input_audio_buffer.committed"):
    item_id: str


class _Heard(_Wire, tag="conversation.item.input_audio_transcription.completed"):
    item_id: str
    transcript: str = ""
    usage: dict[str, Any] | None = None


class _Unheard(_Wire, tag="conversation.item.input_audio_transcription.failed"):
    item_id: str


class _ResponseCreated(_Wire, tag="response.created"):
    response: _Response


class _ResponseDone(_Wire, tag="response.done"):
    response: _Response


class _ItemOpened(_Wire, tag="response.output_item.added"):
    response_id: str
    item: _Item


class _ItemClosed(_Wire, tag="response.output_item.done"):
    response_id: str
    item: _Item


class _Kept(_Wire, tag="conversation.item.added"):
    item: _Item


class _Delta(msgspec.Struct, tag_field="type", tag="response.output_audio.delta", gc=False):
    response_id: str
    item_id: str
    delta: str


class _AudioDone(_Wire, tag="response.output_audio.done"):
    response_id: str
    item_id: str


class _Words(_Wire, tag="response.output_audio_transcript.delta"):
    response_id: str
    item_id: str
    delta: str = ""


class _AllWords(_Wire, tag="response.output_audio_transcript.done"):
    response_id: str
    item_id: str
    transcript: str = ""


class _Failed(_Wire, tag="error"):
    error: _Error


_DECODER = msgspec.json.Decoder(
    _Created
    | _Updated
    | _Speech
    | _Silence
    | _Committed
    | _Heard
    | _Unheard
    | _ResponseCreated
    | _ResponseDone
    | _ItemOpened
    | _ItemClosed
    | _Kept
    | _Delta
    | _AudioDone
    | _Words
    | _AllWords
    | _Failed
)
_TYPE = msgspec.json.Decoder(dict[str, msgspec.Raw])

# Events that carry nothing the call needs; anything else unknown is counted.
SILENT = frozenset(
    [
        "conversation.created",
        "conversation.item.created",
        "conversation.item.done",
        "conversation.item.truncated",
        "conversation.item.deleted",
        "conversation.item.retrieved",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.segment",
        "input_audio_buffer.cleared",
        "input_audio_buffer.timeout_triggered",
        "rate_limits.updated",
        "response.content_part.added",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_text.delta",
        "response.output_text.done",
    ]
)


def read(text: str | bytes) -> ev.Event | None:
    """One server event; None when it carries nothing for us. Never raises."""
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        kind = _kind(text)
        return None if kind in SILENT else ev.Unknown("model", kind)
    if type(message) is _Delta:
        if not is_base64(message.delta):
            return ev.Unknown("model", "bad_audio")
        return ev.AgentAudio(message.response_id, message.item_id, message.delta)
    return _translate(message)


def _translate(message: Any) -> ev.Event | None:
    match message:
        case _Created(session=session):
            return ev.ModelOpened(session.expires_at or 0.0)
        case _Updated(session=session):
            return _configured(session)
        case _Speech(item_id=item, audio_start_ms=at):
            return ev.SpeechStarted(item or "", at)
        case _Silence(item_id=item, audio_end_ms=at):
            return ev.SpeechStopped(item or "", at)
        case _Committed(item_id=item):
            return ev.SpeechCommitted(item)
        case _Heard(item_id=item, transcript=words, usage=usage):
            return ev.CallerWords(item, words, usage=usage or {})
        case _Unheard(item_id=item):
            return ev.CallerWords(item, "")
        case _ResponseCreated(response=response):
            return ev.ResponseStarted(response.id, str((response.metadata or {}).get("client_event_id", "")))
        case _ResponseDone(response=response):
            return _ended(response)
        case _ItemOpened(response_id=rid, item=item):
            return ev.AgentItem(rid, item.id) if item.type == "message" and item.id else None
        case _ItemClosed(response_id=rid, item=item):
            return _tool(rid, item)
        case _Kept(item=item):
            return ev.ItemKept(item.id or "", item.call_id or "") if item.type == "function_call_output" else None
        case _AudioDone(response_id=rid, item_id=item):
            return ev.AgentAudioEnded(rid, item)
        case _Words(response_id=rid, item_id=item, delta=words):
            return ev.AgentWords(rid, item, words)
        case _AllWords(response_id=rid, item_id=item, transcript=words):
            return ev.AgentWords(rid, item, words, whole=True)
        case _Failed(error=error):
            return ev.ModelError(
                error.code or error.type or "", error.message or "", error.param or "", error.event_id or ""
            )
    return None


def _configured(session: _Session) -> ev.ModelConfigured:
    audio = session.audio or _Audio()
    into = audio.input.format.type if audio.input and audio.input.format else ""
    out = audio.output.format.type if audio.output and audio.output.format else ""
    return ev.ModelConfigured(into, out)


def _tool(response_id: str, item: _Item) -> ev.ToolAsked | None:
    if item.type != "function_call" or not item.call_id:
        return None
    return ev.ToolAsked(
        response_id, item.call_id, item.name or "", item.arguments or "", item.status in ("completed", None)
    )


def _ended(response: _Response) -> ev.ResponseEnded:
    details = response.status_details or _Details()
    code = (details.error.code or details.error.type or "") if details.error else ""
    return ev.ResponseEnded(
        response.id, response.status or "completed", details.reason or "", code, response.usage or {}
    )


def _kind(text: str | bytes) -> str:
    try:
        found = _TYPE.decode(text).get("type")
        return str(msgspec.json.decode(found))[:80] if found is not None else ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "malformed"
