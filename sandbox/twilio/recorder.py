"""Recordings: started, paused, stopped and deleted by REST, kept as WAV files of what both sides really sent.

One recording at a time per call: a second create answers with the first, as live tests of Twilio showed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.twilio.clock import vendor_now
from sandbox.twilio.courier import Courier
from sandbox.twilio.faults import Faults
from sandbox.twilio.fields import Fields
from sandbox.twilio.leg import Leg
from sandbox.twilio.params import recording_params
from sandbox.twilio.problems import Refusal
from sandbox.twilio.records import Call, Recording, new_sid
from sandbox.twilio.resources import API
from sandbox.twilio.settings import Settings
from sandbox.twilio.tape import Tape, wav

PROCESSING_S = 0.3


@dataclass
class _Running:
    recording: Recording
    tape: Tape
    leg: Leg


class Recorder:
    def __init__(self, settings: Settings, faults: Faults, courier: Courier) -> None:
        self._settings, self._faults, self._courier = settings, faults, courier
        self.recordings: dict[str, Recording] = {}
        self._running: dict[str, _Running] = {}  # by call
        self._finishing: set[asyncio.Task[None]] = set()

    def start(self, call: Call, leg: Leg, order: Fields, source: str) -> Recording:
        too_early = self._faults.amount("recording_not_eligible_ms", call.to)
        if call.elapsed * 1000 < too_early:
            raise Refusal(21220, "Requested resource is not eligible for recording")
        if call.sid in self._running:
            return self._running[call.sid].recording
        recording = Recording(
            sid=new_sid("RE"),
            account_sid=call.account_sid,
            call_sid=call.sid,
            channels=2 if order.one("RecordingChannels") == "dual" else 1,
            track=order.one("RecordingTrack", "both"),
            source=source,
            callback=order.one("RecordingStatusCallback"),
            callback_method=order.one("RecordingStatusCallbackMethod", "POST"),
            callback_events=order.every("RecordingStatusCallbackEvent") or ("completed",),
        )
        tape = Tape()
        leg.tapes.append(tape)
        self.recordings[recording.sid] = recording
        self._running[call.sid] = _Running(recording, tape, leg)
        call.recordings.append(recording.sid)
        self._report(call, recording)
        return recording

    def of(self, call: Call, sid: str) -> Recording:
        if sid == "Twilio.CURRENT" and call.sid in self._running:
            return self._running[call.sid].recording
        recording = self.recordings.get(sid)
        if recording is None or recording.call_sid != call.sid or recording.status == "deleted":
            raise Refusal(20404)
        return recording

    def update(self, call: Call, sid: str, order: Fields) -> Recording:
        recording, running = self.of(call, sid), self._running.get(call.sid)
        if running is None or running.recording is not recording:
            raise Refusal(21220, "Requested resource is not eligible for recording")
        status = order.one("Status")
        if status not in ("paused", "in-progress", "stopped"):
            raise Refusal(20001, f"Invalid Status {status!r}")
        recording.ordered.append(status)
        if status == "stopped":
            self.finish(call)
            return recording
        running.tape.paused = status == "paused"
        running.tape.keep_silence = order.one("PauseBehavior", "silence") == "silence"
        recording.status, recording.updated = status, vendor_now()
        return recording

    def finish(self, call: Call) -> Recording | None:
        """The call ended or recording was stopped: the file is written off the loop, the callback follows."""
        running = self._running.pop(call.sid, None)
        if running is None:
            return None
        running.leg.tapes.remove(running.tape)
        running.recording.status = "stopped" if call.alive else "processing"
        running.recording.seconds = round(running.tape.seconds)
        task = asyncio.create_task(self._process(call, running))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return running.recording

    async def _process(self, call: Call, running: _Running) -> None:
        recording = running.recording
        absent = self._faults.on("recording_absent", call.to) or running.tape.seconds < 0.1
        if not absent:
            await asyncio.to_thread(self._write, recording, running.tape)
        await asyncio.sleep(PROCESSING_S)
        if recording.status == "deleted":
            return
        recording.status, recording.updated = "absent" if absent else "completed", vendor_now()
        self._report(call, recording, self._faults.amount("recording_callback_late_s", call.to))

    def _write(self, recording: Recording, tape: Tape) -> None:
        path = self._settings.state_dir / f"{recording.sid}.wav"
        path.write_bytes(wav(tape, recording.channels, recording.track))

    def media(self, recording: Recording) -> bytes:
        path = self._settings.state_dir / f"{recording.sid}.wav"
        if self._faults.spend("recording_download_404_n") or recording.status != "completed" or not path.exists():
            raise Refusal(20404)
        return path.read_bytes()

    def delete(self, recording: Recording) -> None:
        recording.status = "deleted"
        recording.ordered.append("deleted")
        (self._settings.state_dir / f"{recording.sid}.wav").unlink(missing_ok=True)

    def url(self, recording: Recording) -> str:
        return f"{self._settings.base_url}/{API}/Accounts/{recording.account_sid}/Recordings/{recording.sid}"

    def _report(self, call: Call, recording: Recording, delay_s: float = 0.0) -> None:
        if not recording.callback or recording.status not in recording.callback_events:
            return
        if "recording" in self._faults.words("callbacks_drop", call.to):
            return
        params = recording_params(recording, self.url(recording))
        self._courier.dispatch(recording.callback, recording.callback_method, params, "recording", call, delay_s)

    def reset(self) -> None:
        for task in self._finishing:
            task.cancel()
        for recording in self.recordings.values():
            self.delete(recording)
        self.recordings.clear()
        self._running.clear()
