"""Writing OpenAI's Realtime API (GA, WebSocket), without I/O: commands to text. Reading is `realtime_wire`.

An audio frame is one concatenation; everything else goes through msgspec. Source: the SDK's client event types (held to
them by tests).
"""

from typing import Any

import msgspec

from qualify import commands as do
from qualify.hearing import Hearing
from qualify.languages import primary

PHONE_FORMAT = "audio/pcmu"


class Config(msgspec.Struct, frozen=True):
    """What a session is configured with; written to the wire by `configure`."""

    instructions: str
    tools: list[dict[str, Any]]
    voice: str = "marin"
    speed: float = 1.0
    transcription_model: str = ""
    language: str = "en"
    translations: dict[str, str] = {}
    """Instructions in the campaign's other languages, by code, for a session that is opened after a switch."""
    noise_reduction: str = ""
    reasoning_effort: str = "low"
    max_output_tokens: int = 4096


def turn_detection(hearing: Hearing) -> dict[str, Any]:
    """The server tells turns; what follows from them is ours alone. (realtime.md rules 27, 28, 33)"""
    return {
        "type": "server_vad",
        "threshold": hearing.threshold,
        "prefix_padding_ms": hearing.prefix_ms,
        "silence_duration_ms": hearing.silence_ms,
        "create_response": False,
        "interrupt_response": False,
    }


def configure(config: Config, order: do.Configure, *, voice_locked: bool = False) -> str:
    """`session.update`. Formats are asserted in every update that touches audio; the voice never after the first audio."""
    into: dict[str, Any] = {"format": {"type": PHONE_FORMAT}, "turn_detection": turn_detection(order.hearing)}
    out: dict[str, Any] = {"format": {"type": PHONE_FORMAT}}
    session: dict[str, Any] = {"type": "realtime", "audio": {"input": into, "output": out}}
    if order.language and not order.whole:
        into["transcription"] = _transcription(config, order.language)
    if order.whole:
        instructions = config.translations.get(primary(order.language), config.instructions)
        session |= {"instructions": instructions, "tools": config.tools, "tool_choice": "auto"}
    if order.whole and not order.minimal:
        session |= {
            "output_modalities": ["audio"],
            "max_output_tokens": config.max_output_tokens,
            "parallel_tool_calls": True,
        }
        if config.reasoning_effort:
            session["reasoning"] = {"effort": config.reasoning_effort}
        into["noise_reduction"] = {"type": config.noise_reduction} if config.noise_reduction else None
        into["transcription"] = _transcription(config, order.language or config.language)
        out["speed"] = config.speed
        if not voice_locked:
            out["voice"] = config.voice
    return _json({"type": "session.update", "event_id": order.event_id, "session": session})


def _transcription(config: Config, language: str) -> dict[str, Any] | None:
    if not config.transcription_model:
        return None
    return {"model": config.transcription_model, "language": primary(language)}


APPEND = ('{"type":"input_audio_buffer.append","audio":"', '"}')
"""What stands around a frame of the person's audio."""


def ask(order: do.AskResponse) -> str:
    response: dict[str, Any] = {"metadata": {"client_event_id": order.event_id}}
    if order.instructions:
        response["instructions"] = order.instructions
    return _json({"type": "response.create", "event_id": order.event_id, "response": response})


def cancel(order: do.CancelResponse) -> str:
    return _json({"type": "response.cancel", "event_id": order.event_id, "response_id": order.response_id})


def truncate(order: do.Truncate) -> str:
    return _json(
        {
            "type": "conversation.item.truncate",
            "event_id": order.event_id,
            "item_id": order.item_id,
            "content_index": 0,
            "audio_end_ms": order.audio_end_ms,
        }
    )


def answer(order: do.AnswerTool) -> str:
    item = {"type": "function_call_output", "call_id": order.call_id, "output": _json(order.output)}
    return _json({"type": "conversation.item.create", "event_id": order.event_id, "item": item})


_PART = {"user": "input_text", "system": "input_text", "assistant": "output_text"}


def add_item(order: do.AddItem) -> str:
    item = {"type": "message", "role": order.role, "content": [{"type": _PART[order.role], "text": order.text}]}
    named = {"id": order.item_id} if order.item_id else {}
    place = {"previous_item_id": "root"} if order.first else {}
    return _json({"type": "conversation.item.create", "event_id": order.event_id, **place, "item": named | item})


def delete_item(order: do.DeleteItem) -> str:
    return _json({"type": "conversation.item.delete", "event_id": order.event_id, "item_id": order.item_id})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
