"""Reading OpenAI's Realtime API (GA, WebSocket), without I/O: text to events. Writing is `realtime_frames`.

msgspec reads what we know into typed structs; what we don't know becomes `Unknown` and is never fatal. Audio stays base64
text. Source: the SDK's realtime types (held to them by tests).
"""

from typing import Any

import msgspec

from qualify import events as ev
from qualify import realtime_shapes as on
from qualify.audio import is_base64

FATAL_CLOSES = frozenset({1008, 4000})  # 4000: the API's word for a protocol it no longer speaks
FATAL_STATUS = frozenset({400, 401, 403, 404})
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
        message = on.DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        kind = _kind(text)
        return None if kind in SILENT else ev.Unknown("model", kind)
    if type(message) is on.Delta:
        if not is_base64(message.delta):
            return ev.Unknown("model", "bad_audio")
        return ev.AgentAudio(message.response_id, message.item_id, message.delta)
    return _translate(message)


def _translate(message: Any) -> ev.Event | None:
    match message:
        case on.Created(session=session):
            return ev.ModelOpened(session.expires_at or 0.0, session.model or "")
        case on.Updated(session=session):
            return _configured(session)
        case on.Speech(item_id=item, audio_start_ms=at):
            return ev.SpeechStarted(item or "", at)
        case on.Silence(item_id=item, audio_end_ms=at):
            return ev.SpeechStopped(item or "", at)
        case on.Committed(item_id=item):
            return ev.SpeechCommitted(item)
        case on.Heard(item_id=item, transcript=words, usage=usage):
            return ev.CallerWords(item, words, usage=usage or {})
        case on.Unheard(item_id=item):
            return ev.CallerWords(item, "", failed=True)
        case on.ResponseCreated(response=response):
            return ev.ResponseStarted(response.id, str((response.metadata or {}).get("client_event_id", "")))
        case on.ResponseDone(response=response):
            return _ended(response)
        case on.ItemOpened(response_id=rid, item=item):
            return ev.AgentItem(rid, item.id) if item.type == "message" and item.id else None
        case on.ItemClosed(response_id=rid, item=item):
            return _tool(rid, item)
        case on.Kept(item=item):
            return ev.ItemKept(item.id, item.call_id or "", item.type or "", item.role or "") if item.id else None
        case on.AudioDone(response_id=rid, item_id=item):
            return ev.AgentAudioEnded(rid, item)
        case on.Words(response_id=rid, item_id=item, delta=words):
            return ev.AgentWords(rid, item, words)
        case on.AllWords(response_id=rid, item_id=item, transcript=words):
            return ev.AgentWords(rid, item, words, whole=True)
        case on.Failed(error=error):
            return ev.ModelError(
                error.code or error.type or "", error.message or "", error.param or "", error.event_id or ""
            )
    return None


def _configured(session: on.Session) -> ev.ModelConfigured:
    audio = session.audio or on.Audio()
    into = audio.input.format.type if audio.input and audio.input.format else ""
    out = audio.output.format.type if audio.output and audio.output.format else ""
    return ev.ModelConfigured(into, out, session.model or "")


def _tool(response_id: str, item: on.Item) -> ev.ToolAsked | None:
    if item.type != "function_call" or not item.call_id:
        return None
    return ev.ToolAsked(
        response_id, item.call_id, item.name or "", item.arguments or "", item.status in ("completed", None)
    )


def _ended(response: on.Response) -> ev.ResponseEnded:
    details = response.status_details or on.Details()
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
