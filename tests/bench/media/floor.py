"""The least a bridge can do in Python, to compare with: `python -m tests.bench.media.floor --port P --model URL`.

Base64 is cut out of one message and pasted into the other; nothing is parsed, checked, marked, kept or refused. On
speech during playback it clears and truncates by the clock. No product: a yardstick.
"""

import argparse
import asyncio
import gc
import time
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

TEXT = WSMsgType.TEXT
QUOTE = b'"'
PCMU = b'{"format":{"type":"audio/pcmu"}}'
UPDATE = b'{"type":"session.update","session":{"type":"realtime","audio":{"input":%b,"output":%b}}}' % (PCMU, PCMU)


def between(message: bytes, key: bytes) -> bytes:
    """The string value behind a key, unescaped."""
    begin = message.index(key) + len(key)
    return message[begin : message.index(QUOTE, begin)]


class ToModel(WSListener):
    def __init__(self, caller: "Caller") -> None:
        self.caller = caller

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(TEXT, UPDATE)
        self.caller.model = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not TEXT:
            return
        message = frame.get_payload_as_bytes()
        if b"output_audio.delta" in message[:48]:
            self.caller.play(message)
        elif b"speech_started" in message[:48]:
            self.caller.cut()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.caller.phone.disconnect()


class Caller(WSListener):
    def __init__(self, url: str) -> None:
        self.url = url
        self.model: Any = None
        self.opening: Any = None
        self.item, self.began, self.ends = b"", 0.0, 0.0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.phone = transport
        self.opening = asyncio.ensure_future(ws_connect(lambda: ToModel(self), self.url))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not TEXT:
            return
        message = frame.get_payload_as_bytes()
        if b'"media"' in message[:20]:
            if self.model is not None:
                audio = between(message, b'"payload":"')
                self.model.send(TEXT, b'{"type":"input_audio_buffer.append","audio":"' + audio + b'"}')
        elif b'"start"' in message[:20]:
            sid = between(message, b'"streamSid":"')
            self.head = b'{"event":"media","streamSid":"' + sid + b'","media":{"payload":"'
            self.clear = b'{"event":"clear","streamSid":"' + sid + b'"}'

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.model is not None:
            self.model.disconnect()

    def play(self, message: bytes) -> None:
        audio = between(message, b'"delta":"')
        self.phone.send(TEXT, self.head + audio + b'"}}')
        at, item = time.monotonic(), between(message, b'"item_id":"')
        if item != self.item:
            self.item, self.began = item, max(at, self.ends)
        self.ends = max(at, self.ends) + len(audio) * 3 / 4 / 8000

    def cut(self) -> None:
        at = time.monotonic()
        if not self.item or self.ends <= at:
            return
        self.phone.send(TEXT, self.clear)
        order = b'{"type":"conversation.item.truncate","item_id":"%b","content_index":0,"audio_end_ms":%d}'
        self.model.send(TEXT, b'{"type":"response.cancel"}')
        self.model.send(TEXT, order % (self.item, max(0, int((at - self.began) * 1000))))
        self.item, self.ends = b"", at


async def main(given: argparse.Namespace) -> None:
    await ws_create_server(lambda request: Caller(given.model), "127.0.0.1", given.port, backlog=1024)
    gc.freeze()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    uvloop.run(main(parser.parse_args()))
