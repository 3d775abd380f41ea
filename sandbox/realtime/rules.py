"""The promises a good bridge keeps, watched from the server's side: each breach is noted in the journal by name.

Nothing here changes an answer. What the API itself refuses (`create_while_active`, `truncate_beyond_generated`, ...)
is noted too, because a bridge that provokes errors has a bug even if the API forgives it.
"""

from typing import TYPE_CHECKING, Any

from sandbox.realtime.schema import Refused
from sandbox.realtime.stage import Stage

if TYPE_CHECKING:
    from sandbox.realtime.session import Session

_BREACH_BY_CODE = {
    "conversation_already_has_active_response": "create_while_active",
    "response_cancel_not_active": "cancel_without_response",
    "item_truncate_invalid_item_id": "truncate_unknown_item",
    "invalid_tool_call_id": "output_for_unknown_call",
    "input_audio_buffer_commit_empty": "empty_commit",
    "unknown_parameter": "unknown_parameter",
    "missing_required_parameter": "missing_parameter",
    "cannot_update_voice": "voice_after_audio",
    "beta_api_shape_disabled": "beta_shape",
}
_CROSSING_S = 0.5
"""A cancel this soon after the end of a response has crossed it on the wire, which nobody can help."""
_LAST_WORDS = ("end_call", "transfer_to_human")  # a call whose output may stay unsent, because the line ends


def on_event(session: "Session", event: dict[str, Any]) -> None:
    stage, kind = session.stage, event.get("type")
    if kind == "session.update":
        _on_update(stage, event)
    elif not session.is_updated:
        on_early(stage, str(kind))
    if kind in ("input_audio_buffer.commit", "input_audio_buffer.clear") and session.hearing.detector.tuning:
        stage.journal.violate("buffer_touched_in_vad_mode", str(kind))
    if kind == "response.create":
        _on_create(stage, event)
    if kind == "conversation.item.create":
        _on_item(stage, event)


def on_early(stage: Stage, kind: str) -> None:
    """Once for each kind: a flood of appends is one breach."""
    rule = "append_before_updated" if kind == "input_audio_buffer.append" else "frame_before_updated"
    if not any(each["rule"] == rule and each["detail"] == kind for each in stage.journal.violations):
        stage.journal.violate(rule, kind)


def on_refused(stage: Stage, event: dict[str, Any], refused: Refused) -> None:
    if "already shorter than" in refused.message:
        stage.journal.violate("truncate_beyond_generated", refused.message)
    elif refused.code == "response_cancel_not_active" and _has_just_ended(stage):
        return
    elif refused.code in _BREACH_BY_CODE:
        stage.journal.violate(_BREACH_BY_CODE[refused.code], refused.param or str(event.get("type")))
    else:
        stage.journal.violate("refused_event", f"{refused.code}: {refused.message}")


def _has_just_ended(stage: Stage) -> bool:
    ended = stage.journal.responses
    return bool(ended) and stage.journal.at() - ended[-1]["t"] <= _CROSSING_S


def on_close(stage: Stage) -> None:
    for call_id, call in stage.conversation.calls().items():
        if call.status == "completed" and call_id not in stage.conversation.answered() and call.name not in _LAST_WORDS:
            stage.journal.violate("call_never_answered", call.name)


def _on_update(stage: Stage, event: dict[str, Any]) -> None:
    audio = (event.get("session") or {}).get("audio") or {}
    for side in ("input", "output"):
        if side in audio and (audio[side].get("format") or {}).get("type") != "audio/pcmu":
            stage.journal.violate("format_not_pcmu", side)
    if stage.has_spoken and "voice" in (audio.get("output") or {}):
        stage.journal.violate("voice_after_audio", "session.audio.output.voice")


def _on_create(stage: Stage, event: dict[str, Any]) -> None:
    wanted = event.get("response") or {}
    out_of_band = wanted.get("conversation") == "none"
    if not (wanted.get("metadata") or {}).get("client_event_id"):
        stage.journal.violate("create_without_client_event_id", str(event.get("event_id")))
    if out_of_band and wanted.get("output_modalities", stage.config["output_modalities"]) != ["text"]:
        stage.journal.violate("out_of_band_audio", str(event.get("event_id")))
    waiting = [
        call.name
        for call_id, call in stage.conversation.calls().items()
        if call.status == "completed" and call_id not in stage.conversation.answered()
    ]
    if waiting and not out_of_band:
        stage.journal.violate("create_before_outputs", ", ".join(waiting))
    if widowed := stage.conversation.answered() - stage.conversation.calls().keys():
        stage.journal.violate("output_without_call", ", ".join(sorted(widowed)))


def _on_item(stage: Stage, event: dict[str, Any]) -> None:
    item = event.get("item") or {}
    if item.get("type") == "function_call_output" and item.get("call_id") in stage.conversation.answered():
        stage.journal.violate("second_output_for_call", str(item.get("call_id")))
