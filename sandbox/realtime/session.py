"""One Realtime session: client events in, server events out. No I/O, no clock: the shell passes `now` (monotonic
seconds).

`receive` takes a frame, `advance` carries out what is due and answers what to send; `next_at` says when to come back.
Turn taking lives here: what speech, silence and a client's wish make of the response slot. The journal watches, and
never steers.
"""

import binascii
from typing import Any

import msgspec

from sandbox.realtime import rules
from sandbox.realtime.config import SESSION_SECONDS, updated
from sandbox.realtime.conversation import Item, item_from_client
from sandbox.realtime.hearing import Hearing
from sandbox.realtime.response import Response
from sandbox.realtime.responses import Responses
from sandbox.realtime.schema import Refused
from sandbox.realtime.shapes import check_event, check_parts
from sandbox.realtime.stage import Ear, Hang, Output, Stage
from sandbox.realtime.turn import Model
from sandbox.realtime.usage import transcription_usage
from sandbox.realtime.vad import SpeechStarted, SpeechStopped

MAX_APPEND_BYTES = 15 * 1024 * 1024
_MIN_COMMIT_MS = 100
_TRANSCRIPTION_S = (0.1, 0.45)
_APPEND = "input_audio_buffer.append"


class Session:
    def __init__(self, stage: Stage, ear: Ear, model: Model, *, beta: bool = False) -> None:
        self.stage = stage
        self.hearing = Hearing(ear)
        self.responses = Responses(stage, model, self._on_response_done)
        self.is_updated = False
        self._turn_item = ""  # the user item now being spoken
        self._silence = stage.agenda.at(0, _nothing)
        self._tune()
        self._open(beta)

    def receive(self, frame: str | bytes, now: float) -> None:
        """One client frame. Whatever it causes at once is due at `now` and comes out of the next `advance`."""
        self._move_to(now)
        if self.stage.over:
            return
        event = _decoded(frame)
        if event is not None and event.get("type") == _APPEND:
            self._receive_append(event)
        else:
            self._receive_other(event)

    def advance(self, now: float) -> list[Output]:
        self._move_to(now)
        out, self.stage.out = self.stage.out, []
        return out

    def next_at(self) -> float | None:
        """0 when something waits to be sent now; None when only the client can make anything happen."""
        return 0.0 if self.stage.out else self.stage.agenda.next_at()

    def end_now(self, output: Output, now: float) -> None:
        self._move_to(now)
        self.stage.end(output)

    def expire(self, code: int) -> None:
        message = "Your session hit the maximum duration of 60 minutes."
        self.stage.refuse(Refused("session_expired", message), None)
        self.stage.end(Hang(code, "session expired"))

    def closed_by_client(self, code: int, now: float) -> None:
        self._move_to(now)
        if not self.stage.over:
            rules.on_close(self.stage)
            self.stage.journal.note_close(code, "client")
        self.stage.over = True
        self.stage.agenda.clear()

    def _move_to(self, now: float) -> None:
        self.stage.journal.now = now
        self.stage.agenda.run(now)

    def _open(self, beta: bool) -> None:
        if beta:
            message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
            self.stage.refuse(Refused("beta_api_shape_disabled", message), None)
            self.stage.end(Hang(4000, "beta_api_shape_disabled"))
            return
        lasts = int((self.stage.faults.take("lifetime") or {}).get("seconds", SESSION_SECONDS))
        self.stage.config["expires_at"] += lasts - SESSION_SECONDS
        self.stage.send("session.created", session=self.stage.config)
        expiry = self.stage.faults.take("expire")
        if expiry is not None:
            self.stage.agenda.after(float(expiry.get("after_s", 3)), lambda: self.expire(int(expiry.get("code", 1000))))
        else:
            self.stage.agenda.after(float(lasts), lambda: self.expire(1000))

    # --- client events ---------------------------------------------------------------------------------------------

    def _receive_append(self, event: dict[str, Any]) -> None:
        try:
            check_event(event)
            data = _audio_of(event["audio"])
        except Refused as refused:
            self.stage.refuse(refused, event.get("event_id"))
            return
        if not self.is_updated:
            rules.on_early(self.stage, _APPEND)
        self.stage.journal.note_append(len(data))
        for change in self.hearing.append(data, self.stage.config["audio"]["input"]["format"]["type"]):
            if isinstance(change, SpeechStarted):
                self._on_speech_started(change)
            else:
                self._on_speech_stopped(change)

    def _receive_other(self, event: dict[str, Any] | None) -> None:
        if event is None:
            message = "We could not parse the JSON body of your request."
            self.stage.refuse(Refused("invalid_json", message), None)
            return
        self.stage.journal.note_frame(event)
        try:
            check_event(event)
            rules.on_event(self, event)
            self._obey(event)
        except Refused as refused:
            rules.on_refused(self.stage, event, refused)
            self.stage.refuse(refused, event.get("event_id"))

    def _obey(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                self._update(event)
            case "input_audio_buffer.commit":
                self._commit_by_hand()
            case "input_audio_buffer.clear":
                self.hearing.drop_buffer()
                self.hearing.detector.forget_turn()
                self.stage.send("input_audio_buffer.cleared")
            case "conversation.item.create":
                self._create_item(event)
            case "conversation.item.truncate":
                self._truncate(event)
            case "conversation.item.delete":
                self.stage.conversation.delete(event["item_id"])
                self.stage.send("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.retrieve":
                self._retrieve(event["item_id"])
            case "response.create":
                self._quiet()
                self.responses.create("client", event.get("response"))
            case "response.cancel":
                self.responses.cancel(event.get("response_id"))
            case "output_audio_buffer.clear":
                message = "Output audio buffer events are only supported for WebRTC and SIP sessions."
                raise Refused("invalid_value", message, "type")

    def _update(self, event: dict[str, Any]) -> None:
        reject = self.stage.faults.take("reject_update")
        if reject is not None:
            code, message = reject.get("code", "invalid_value"), reject.get("message", "Invalid session update.")
            refused = Refused(code, message, reject.get("param"))
            self.stage.refuse(refused, None if reject.get("null_event_id") else event.get("event_id"))
            return
        fresh = updated(self.stage.config, event["session"], has_spoken=self.stage.has_spoken)
        delay = self.stage.faults.take("delay_updated") or {}

        def take_effect() -> None:
            self.stage.config = fresh
            self.is_updated = True
            self._tune()
            self.stage.send("session.updated", session=self._echo(fresh))

        if delay:
            self.stage.agenda.after(float(delay.get("seconds", 2)), take_effect)
        else:
            take_effect()

    def _echo(self, config: dict[str, Any]) -> dict[str, Any]:
        if self.stage.faults.take("wrong_format") is None:
            return config
        pcm = {"format": {"type": "audio/pcm", "rate": 24000}}
        audio = {"input": {**config["audio"]["input"], **pcm}, "output": {**config["audio"]["output"], **pcm}}
        return {**config, "audio": audio}

    def _tune(self) -> None:
        self.hearing.tune(self._turn_detection())

    def _turn_detection(self) -> dict[str, Any]:
        detection: dict[str, Any] | None = self.stage.config["audio"]["input"]["turn_detection"]
        return detection or {}

    def _create_item(self, event: dict[str, Any]) -> None:
        check_parts(event["item"])
        item = item_from_client(event["item"], self.stage.ids.item())
        if item.type == "function_call_output" and item.call_id not in self.stage.conversation.calls():
            message = f"Tool call ID '{item.call_id}' not found in conversation."
            raise Refused("invalid_tool_call_id", message, "item.call_id")
        self.stage.conversation.add(item, event.get("previous_item_id"))
        if item.type == "function_call_output":
            self.stage.journal.note_output(item.call_id, item.output)
        self._announce_item(item)

    def _truncate(self, event: dict[str, Any]) -> None:
        item_id, end_ms = event["item_id"], event["audio_end_ms"]
        item = self.stage.conversation.truncate(item_id, end_ms)
        self.stage.journal.truncations.append(
            {
                "t": self.stage.journal.at(),
                "item_id": item_id,
                "audio_end_ms": end_ms,
                "generated_ms": item.audio_ms,
                "heard": item.heard_words(),
            }
        )
        self.stage.send("conversation.item.truncated", item_id=item_id, content_index=0, audio_end_ms=end_ms)

    def _retrieve(self, item_id: str) -> None:
        item = self.stage.conversation.find(item_id)
        if item is None:
            message = f"Error retrieving item: the item with id '{item_id}' does not exist."
            raise Refused("item_retrieve_invalid_item_id", message)
        self.stage.send("conversation.item.retrieved", item=item.wire())

    def _commit_by_hand(self) -> None:
        if self.hearing.buffered_ms < _MIN_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {float(self.hearing.buffered_ms):.2f}ms of audio."
            )
            raise Refused("input_audio_buffer_commit_empty", message)
        audio_ms = self.hearing.buffered_ms
        self.hearing.detector.forget_turn()
        self._commit(self.stage.ids.item(), audio_ms, self.hearing.take_words())

    # --- turns -----------------------------------------------------------------------------------------------------

    def _on_speech_started(self, change: SpeechStarted) -> None:
        self._quiet()
        self._turn_item = self.stage.ids.item()
        started = {"audio_start_ms": change.audio_start_ms, "item_id": self._turn_item}
        self.stage.send("input_audio_buffer.speech_started", **started)
        if self._turn_detection().get("interrupt_response"):
            self.responses.interrupt()

    def _on_speech_stopped(self, change: SpeechStopped) -> None:
        stopped = {"audio_end_ms": change.audio_end_ms, "item_id": self._turn_item}
        self.stage.send("input_audio_buffer.speech_stopped", **stopped)
        words = self.hearing.take_words()
        if self.stage.faults.take("mishear") is not None:
            words = ""
        self._commit(self._turn_item, change.audio_end_ms - change.audio_start_ms, words)
        self._answer("vad")

    def _answer(self, origin: str) -> None:
        """By itself, if the session wants that. With the slot taken the turn waits for the response to end."""
        if self._turn_detection().get("create_response") and self.responses.active is None:
            self.responses.create(origin)

    def _commit(self, item_id: str, audio_ms: int, words: str) -> None:
        content = [{"type": "input_audio", "transcript": None}]
        item = Item(item_id, "message", role="user", content=content, words=words, audio_bytes=audio_ms * 8)
        self.stage.conversation.add(item)
        previous = self.stage.conversation.previous(item)
        self.stage.send("input_audio_buffer.committed", previous_item_id=previous, item_id=item_id)
        self._announce_item(item)
        self.stage.journal.transcript.append({"t": self.stage.journal.at(), "who": "caller", "text": words})
        if self.stage.config["audio"]["input"]["transcription"]:
            self.stage.agenda.after(self.stage.rng.uniform(*_TRANSCRIPTION_S), lambda: self._transcribe(item))

    def _announce_item(self, item: Item) -> None:
        previous = self.stage.conversation.previous(item)
        for verb in ("added", "done"):
            self.stage.send(f"conversation.item.{verb}", previous_item_id=previous, item=item.wire())

    def _transcribe(self, item: Item) -> None:
        kind, place = "conversation.item.input_audio_transcription", {"item_id": item.id, "content_index": 0}
        if self.stage.faults.take("transcription_failed") is not None:
            message = "The audio could not be transcribed."
            error = {"type": "transcription_error", "code": "audio_unintelligible", "message": message, "param": None}
            self.stage.send(f"{kind}.failed", **place, error=error)
            return
        item.content[0]["transcript"] = item.words
        for word in item.words.split(" ") if item.words else []:
            self.stage.send(f"{kind}.delta", **place, delta=word + " ", obfuscation="xx")
        usage = transcription_usage(item.audio_ms, item.words)
        self.stage.send(f"{kind}.completed", **place, transcript=item.words, usage=usage)

    def _on_response_done(self, response: Response) -> None:
        if response.out_of_band:
            return
        if self._missed_turn(response):
            self.stage.agenda.after(0, lambda: self._answer("vad"))
        idle_ms = self._turn_detection().get("idle_timeout_ms")
        if idle_ms and not self.hearing.detector.speaking:
            since = self.hearing.audio_ms
            self._quiet()
            wait = (response.audio_ms + idle_ms) / 1000
            self._silence = self.stage.agenda.after(wait, lambda: self._on_silence(since))

    def _missed_turn(self, response: Response) -> bool:
        """A turn was committed while this response could not be interrupted, so nobody has answered it yet."""
        last = self.stage.conversation.items[-1:]
        return bool(last and last[0].role == "user" and response.items and response.status == "completed")

    def _on_silence(self, since_ms: int) -> None:
        item_id, until_ms = self.stage.ids.item(), self.hearing.audio_ms
        offsets = {"audio_start_ms": since_ms, "audio_end_ms": until_ms, "item_id": item_id}
        self.stage.send("input_audio_buffer.timeout_triggered", **offsets)
        self._commit(item_id, 0, "")
        self._answer("idle")

    def _quiet(self) -> None:
        self._silence.drop()


def _decoded(frame: str | bytes) -> dict[str, Any] | None:
    try:
        event = msgspec.json.decode(frame)
    except msgspec.DecodeError:
        return None
    return event if isinstance(event, dict) else None


def _audio_of(text: str) -> bytes:
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        message = "Invalid 'audio'. Expected base64-encoded audio bytes, but got an invalid value."
        raise Refused("invalid_value", message, "audio") from error
    if len(data) > MAX_APPEND_BYTES:
        raise Refused("string_above_max_length", "Invalid 'audio': audio is too large (15 MiB at most).", "audio")
    return data


def _nothing() -> None:
    """The silence timer before there was any."""
