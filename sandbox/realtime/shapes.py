"""The GA tables themselves: session fields, conversation items, response.create and every client event."""

from typing import Any

from sandbox.realtime.schema import (
    Anything,
    Bool,
    ByType,
    EventShape,
    Fields,
    Labels,
    ListOf,
    Null,
    Number,
    OneOf,
    Refused,
    Shape,
    Text,
    Word,
    check,
    optional,
    supported,
)

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
_EFFORT = Word(("minimal", "low", "medium", "high", "xhigh"))
_TEXT, _BOOL = Text(), Bool()

_FORMAT = ByType(
    {
        "audio/pcm": Fields({"rate": Number(24000, 24000, whole=True)}),
        "audio/pcmu": Fields({}),
        "audio/pcma": Fields({}),
    }
)
_TURN_DETECTION = ByType(
    {
        "server_vad": Fields(
            {
                "threshold": Number(0, 1),
                "prefix_padding_ms": Number(0, 5000, whole=True),
                "silence_duration_ms": Number(0, 10000, whole=True),
                "idle_timeout_ms": optional(Number(5000, 30000, whole=True)),
                "create_response": _BOOL,
                "interrupt_response": _BOOL,
            }
        ),
        "semantic_vad": Fields(
            {
                "eagerness": Word(("low", "medium", "high", "auto")),
                "create_response": _BOOL,
                "interrupt_response": _BOOL,
            }
        ),
    }
)
_TRANSCRIPTION = Fields(
    {
        "model": _TEXT,
        "language": _TEXT,
        "languages": ListOf(_TEXT),
        "prompt": _TEXT,
        "keywords": ListOf(_TEXT),
        "delay": _EFFORT,
    }
)
_VOICE = OneOf((Word(VOICES), Fields({"id": _TEXT}, ("id",))))
_OUTPUT = Fields({"format": _FORMAT, "voice": _VOICE, "speed": Number(0.25, 1.5)})
_AUDIO = Fields(
    {
        "input": Fields(
            {
                "format": _FORMAT,
                "noise_reduction": optional(
                    Fields({"type": Word(("near_field", "far_field")), "strength": Number(0, 1)})
                ),
                "transcription": optional(_TRANSCRIPTION),
                "turn_detection": optional(_TURN_DETECTION),
            }
        ),
        "output": _OUTPUT,
    }
)
_TOOL = ByType(
    {
        "function": Fields({"name": _TEXT, "description": _TEXT, "parameters": Anything()}, ("name",)),
        "mcp": Fields({key: Anything() for key in ("server_label", "server_url", "authorization", "allowed_tools")}),
    }
)
_TOOL_CHOICE = OneOf((Word(("none", "auto", "required")), Fields({"type": _TEXT, "name": _TEXT}, ("type",))))
_MODALITIES = ListOf(Word(("text", "audio")))
_MAX_TOKENS = OneOf((Number(1, 4096, whole=True), Word(("inf",))))
_TRUNCATION = OneOf(
    (
        Word(("auto", "disabled")),
        Fields(
            {
                "type": Word(("retention_ratio",)),
                "retention_ratio": Number(0, 1),
                "token_limits": Fields({"post_instructions": Number(0, 128000, whole=True)}),
            },
            ("type", "retention_ratio"),
        ),
    )
)

SESSION = Fields(
    {
        "type": Word(("realtime", "transcription")),
        "model": _TEXT,
        "instructions": _TEXT,
        "output_modalities": _MODALITIES,
        "audio": _AUDIO,
        "tools": ListOf(_TOOL),
        "tool_choice": _TOOL_CHOICE,
        "parallel_tool_calls": _BOOL,
        "reasoning": Fields({"effort": _EFFORT}),
        "max_output_tokens": _MAX_TOKENS,
        "truncation": _TRUNCATION,
        "tracing": OneOf((Null(), Word(("auto",)), Anything())),
        "include": optional(ListOf(Word(("item.input_audio_transcription.logprobs",)))),
        "prompt": optional(Fields({"id": _TEXT, "version": _TEXT, "variables": Anything()}, ("id",))),
    },
    ("type",),
)

_PART = ByType(
    {
        "input_text": Fields({"text": _TEXT}, ("text",)),
        "input_audio": Fields({"audio": _TEXT, "transcript": optional(_TEXT)}),
        "input_image": Fields({"image_url": _TEXT, "detail": _TEXT}),
        "output_text": Fields({"text": _TEXT}, ("text",)),
        "output_audio": Fields({"audio": _TEXT, "transcript": optional(_TEXT)}),
    }
)
_ITEM_COMMON: dict[str, Shape] = {"id": _TEXT, "object": _TEXT, "status": _TEXT}
_ITEM_KINDS = {
    "message": Fields(
        {**_ITEM_COMMON, "role": Word(("system", "user", "assistant")), "content": ListOf(_PART), "phase": Anything()},
        ("role", "content"),
    ),
    "function_call": Fields(
        {**_ITEM_COMMON, "name": _TEXT, "call_id": _TEXT, "arguments": _TEXT}, ("name", "arguments")
    ),
    "function_call_output": Fields({**_ITEM_COMMON, "call_id": _TEXT, "output": _TEXT}, ("call_id", "output")),
}
_ITEM = ByType(_ITEM_KINDS)
_INPUT_ITEM = ByType({**_ITEM_KINDS, "item_reference": Fields({"id": _TEXT}, ("id",))})
_RESPONSE = Fields(
    {
        "conversation": _TEXT,
        "input": ListOf(_INPUT_ITEM),
        "instructions": _TEXT,
        "output_modalities": _MODALITIES,
        "audio": Fields({"output": Fields({"format": _FORMAT, "voice": _VOICE})}),
        "tools": ListOf(_TOOL),
        "tool_choice": _TOOL_CHOICE,
        "parallel_tool_calls": _BOOL,
        "reasoning": Fields({"effort": _EFFORT}),
        "max_output_tokens": _MAX_TOKENS,
        "metadata": optional(Labels()),
        "prompt": Anything(),
    }
)

EVENTS: dict[str, EventShape] = {
    "session.update": EventShape({"session": SESSION}, ("session",)),
    "input_audio_buffer.append": EventShape({"audio": _TEXT}, ("audio",)),
    "input_audio_buffer.commit": EventShape(),
    "input_audio_buffer.clear": EventShape(),
    "conversation.item.create": EventShape({"item": _ITEM, "previous_item_id": optional(_TEXT)}, ("item",)),
    "conversation.item.truncate": EventShape(
        {
            "item_id": _TEXT,
            "content_index": Number(0, 0, whole=True),
            "audio_end_ms": Number(0, 2**31, whole=True),
        },
        ("item_id", "content_index", "audio_end_ms"),
    ),
    "conversation.item.delete": EventShape({"item_id": _TEXT}, ("item_id",)),
    "conversation.item.retrieve": EventShape({"item_id": _TEXT}, ("item_id",)),
    "response.create": EventShape({"response": _RESPONSE}),
    "response.cancel": EventShape({"response_id": optional(_TEXT)}),
    "output_audio_buffer.clear": EventShape(),
}


_PARTS_BY_ROLE = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
}


def check_parts(item: dict[str, Any]) -> None:
    """Each role has content types of its own; the beta era's `text` is none of them."""
    for index, part in enumerate(item.get("content", [])):
        check(part["type"], Word(_PARTS_BY_ROLE[item["role"]]), f"item.content[{index}].type")


def check_event(event: dict[str, object]) -> None:
    kind = event.get("type")
    if kind is None:
        raise Refused("missing_required_parameter", "Missing required parameter: 'type'.", "type")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise Refused("invalid_value", f"Invalid value: '{kind}'. {supported(tuple(EVENTS))}", "type")
    check(event, EVENTS[kind].fields(), "")
