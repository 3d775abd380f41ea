"""A stand-in for the Realtime API that thinks in no time at all: `python -m tests.bench.media.model --port P --mode echo`.

`echo`: what a caller sends comes back in one endless response, `--join` frames to a delta. `talk`: turns are detected on the
audio itself, answers are eight seconds long and sent five times faster than heard, and cancelling ends them. One JSON
line on stdin's end tells what was cut, and when it was ordered.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from typing import Any

import msgspec
import uvloop
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from tests.bench.media import frames

TEXT = WSMsgType.TEXT
APPEND = b'{"type":"input_audio_buffer.append"'
ANSWER_MS, DELTA_MS, HASTE = 8000, 200, 5
STOPPED_MS = 200
USAGE = {"input_tokens": 10, "output_tokens": 20, "input_token_details": {"audio_tokens": 10}}
now = time.perf_counter


class Session(WSListener):
    """One caller's model."""

    def __init__(self, given: argparse.Namespace, cuts: list[dict[str, Any]]) -> None:
        self.given, self.cuts = given, cuts
        self.caller = -1
        self.answers = 0
        self.response: dict[str, Any] | None = None
        self.prefix = b""
        self.joined: list[str] = []
        self.speaking, self.quiet_ms, self.heard_ms, self.turns = False, 0, 0, 0

    # --- the wire ---

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.say(
            "session.created", session={"type": "realtime", "model": "bench", "expires_at": int(time.time()) + 3600}
        )

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif frame.msg_type is TEXT:
            self.take(msgspec.json.decode(frame.get_payload_as_memoryview()))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.response = None

    def say(self, kind: str, **fields: Any) -> None:
        if not self.transport.is_disconnected:
            self.transport.send(TEXT, msgspec.json.encode({"type": kind, "event_id": "event_x", **fields}))

    def take(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "input_audio_buffer.append":
                self.echo(event["audio"]) if self.given.mode == "echo" else self.listen(event["audio"])
            case "session.update":
                self.say("session.updated", session={**event["session"], "model": "bench"})
            case "response.create":
                self.answer((event.get("response") or {}).get("metadata"))
            case "response.cancel":
                self.cut("cancel")
                self.finish("cancelled")
            case "conversation.item.truncate":
                self.cut("truncate", heard_ms=event["audio_end_ms"], item=event["item_id"])
            case "conversation.item.create":
                self.say("conversation.item.added", item=event["item"])

    def cut(self, what: str, **more: Any) -> None:
        self.cuts.append({"what": what, "caller": self.caller, "answer": self.answers, "at": now(), **more})

    # --- responses ---

    def answer(self, metadata: Any = None) -> None:
        if self.response is not None:
            return
        self.answers += 1
        response = self.response = {"id": f"resp_{self.answers}", "item": f"item_{self.answers}", "metadata": metadata}
        self.say("response.created", response={"id": response["id"], "status": "in_progress", "metadata": metadata})
        item = {"id": response["item"], "type": "message", "role": "assistant", "status": "in_progress"}
        self.say("response.output_item.added", response_id=response["id"], item=item)
        self.prefix = (
            b'{"type":"response.output_audio.delta","event_id":"event_x","response_id":"%b","item_id":"%b",'
            b'"output_index":0,"content_index":0,"delta":"' % (response["id"].encode(), response["item"].encode())
        )
        if self.given.mode == "talk":
            asyncio.get_running_loop().create_task(self.speak(response, 3000 if self.answers == 1 else ANSWER_MS))

    async def speak(self, response: dict[str, Any], length_ms: int) -> None:
        """In a hurry, and in step with the clock; the first answer is the greeting."""
        ids = {"response_id": response["id"], "item_id": response["item"], "output_index": 0, "content_index": 0}
        began, sent = now(), 0
        self.say("response.output_audio_transcript.delta", delta=self.given.greeting or "Words.", **ids)
        while self.response is response and sent < length_ms:
            audio = b"".join(
                frames.b64decode(frames.stamped(max(0, self.caller), self.answers, 1)) for _ in range(DELTA_MS // 20)
            )
            self.transport.send(TEXT, self.prefix + frames.b64encode(audio) + b'"}')
            sent += DELTA_MS
            await asyncio.sleep(max(0.0, began + sent / 1000 / HASTE - now()))
        if self.response is response:
            self.finish("completed")

    def finish(self, status: str) -> None:
        response, self.response = self.response, None
        if response is None:
            return
        ids = {"response_id": response["id"], "item_id": response["item"], "output_index": 0, "content_index": 0}
        self.say("response.output_audio.done", **ids)
        self.say("response.output_audio_transcript.done", transcript=self.given.greeting or "Words.", **ids)
        done = {"id": response["item"], "type": "message", "role": "assistant", "status": "completed"}
        self.say("response.output_item.done", response_id=response["id"], item=done)
        kept = {"id": response["id"], "status": status, "metadata": response["metadata"], "usage": USAGE, "output": []}
        self.say("response.done", response=kept)

    # --- hearing ---

    def echo(self, audio: str) -> None:
        if not self.prefix:
            if audio == frames.SILENCE.decode():  # silence before the first beat is not answered
                return
            self.answer()
        if self.given.join == 1:
            self.transport.send(TEXT, self.prefix + audio.encode() + b'"}')
            return
        self.joined.append(audio)
        if len(self.joined) == self.given.join:
            whole = frames.b64encode(b"".join(map(frames.b64decode, self.joined)))
            self.joined.clear()
            self.transport.send(TEXT, self.prefix + whole + b'"}')

    def listen(self, audio: str) -> None:
        """Speech begins with its first frame and ends with 200 ms of silence."""
        self.heard_ms += frames.size(audio) // 8
        found = next(frames.stamps(audio), None)
        if found is not None:
            self.caller, self.quiet_ms = found[0], 0
            if not self.speaking:
                self.speaking, self.turns = True, self.turns + 1
                self.say("input_audio_buffer.speech_started", item_id=f"u{self.turns}", audio_start_ms=self.heard_ms)
        elif self.speaking:
            self.quiet_ms += frames.size(audio) // 8
            if self.quiet_ms >= STOPPED_MS:
                self.speaking = False
                item = f"u{self.turns}"
                self.say("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=self.heard_ms)
                self.say("input_audio_buffer.committed", item_id=item)
                words = "Well, I would like to know more about that."
                kind = "conversation.item.input_audio_transcription.completed"
                self.say(kind, item_id=item, content_index=0, transcript=words)
                if self.given.answers_itself:
                    self.answer()


async def main(given: argparse.Namespace) -> None:
    cuts: list[dict[str, Any]] = []

    def accept(request: WSUpgradeRequest) -> Session:
        return Session(given, cuts)

    await ws_create_server(accept, "127.0.0.1", given.port, backlog=1024)
    gc.freeze()
    gc.disable()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(cuts), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mode", choices=("echo", "talk"), default="echo")
    parser.add_argument("--join", type=int, default=1)
    parser.add_argument("--greeting", default="")
    parser.add_argument("--answers-itself", action="store_true", help="as an API does whose client leaves turns to it")
    uvloop.run(main(parser.parse_args()))
