"""The session's effective configuration: what the server starts with, and what a session.update makes of it.

An update is taken whole or refused whole. Omitted keys stay; `turn_detection: null`, `tools: []` and empty
instructions clear.
"""

import copy
from typing import Any

from sandbox.realtime.schema import Refused, check
from sandbox.realtime.shapes import SESSION

DEFAULT_INSTRUCTIONS = (
    "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI. Act like a human, but remember that "
    "you aren't a human and that you can't do human things in the real world. Your voice and personality should be "
    "warm and engaging, with a lively and playful tone. Talk quickly. You should always call a function if you can."
)
_SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,  # captured from a live session.created; the docs say 500
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
_SEMANTIC_VAD = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True}
SESSION_SECONDS = 3600
_REASONING_MODELS = ("gpt-realtime-2",)

Config = dict[str, Any]


def default_config(session_id: str, model: str, expires_at: int) -> Config:
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": DEFAULT_INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "tracing": None,
        "prompt": None,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(_SERVER_VAD),
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
        },
        "include": None,
    }


def updated(config: Config, update: dict[str, Any], *, has_spoken: bool) -> Config:
    """The configuration after this update, or Refused with nothing changed."""
    check(update, SESSION, "session")
    _refuse_what_cannot_change(config, update, has_spoken=has_spoken)
    fresh = copy.deepcopy(config)
    for key, value in update.items():
        if key not in ("audio", "type"):
            fresh[key] = value
    audio = update.get("audio", {})
    fresh["audio"]["output"] |= audio.get("output", {})
    fresh["audio"]["input"] |= audio.get("input", {})
    _fill(fresh["audio"])
    return fresh


def _fill(audio: dict[str, Any]) -> None:
    """Documented defaults for what an update left out of a format or of a turn detection."""
    for side in ("input", "output"):
        if audio[side]["format"]["type"] == "audio/pcm":
            audio[side]["format"] = {"type": "audio/pcm", "rate": 24000}
    detection = audio["input"]["turn_detection"]
    if detection:
        defaults = _SEMANTIC_VAD if detection["type"] == "semantic_vad" else {**_SERVER_VAD, "silence_duration_ms": 500}
        audio["input"]["turn_detection"] = {**defaults, **detection}


def _refuse_what_cannot_change(config: Config, update: dict[str, Any], *, has_spoken: bool) -> None:
    if update["type"] != config["type"]:
        message = "Passing a transcription session update event to a realtime session is not allowed."
        raise Refused("invalid_value", message, "session.type")
    if update.get("model", config["model"]) != config["model"]:
        raise Refused("cannot_update_model", "Cannot update a conversation's model.", "session.model")
    voice = update.get("audio", {}).get("output", {}).get("voice", config["audio"]["output"]["voice"])
    if has_spoken and voice != config["audio"]["output"]["voice"]:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Refused("cannot_update_voice", message, "session.audio.output.voice")
    reasons = config["model"].startswith(_REASONING_MODELS)
    for key in ("reasoning", "parallel_tool_calls"):
        if key in update and not reasons:
            raise Refused(
                "unsupported_parameter", f"Unsupported parameter: '{key}' is not supported with this model.", None
            )
    check_modalities(update.get("output_modalities", ["audio"]), "session.output_modalities")


def check_modalities(modalities: list[str], at: str) -> None:
    if len(modalities) != 1:
        message = f"Invalid modalities: {modalities}. Supported combinations are: ['text'] and ['audio']."
        raise Refused("invalid_value", message, at)
