"""One phone call as Twilio streams it: frames out every 20 ms, audio in played in order, marks sent back once heard, clear.

What is measured is told to the call's `talk`: `Beats` times every frame on its way to the model and back, `Barging` speaks
into answers and looks at what becomes of them.
"""

import time
from collections import deque
from typing import Any, Protocol

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from tests.bench.media import frames

TEXT = WSMsgType.TEXT
ACCOUNT = "AC00000000000000000000000000000000"
now = time.perf_counter


class Talk(Protocol):
    """What a caller says, and what they notice."""

    def next_frame(self, at: float) -> bytes: ...

    def sent(self, at: float) -> None: ...

    def audio(self, at: float, begins: float, payload: str) -> None: ...

    def cleared(self, at: float) -> None: ...


class Caller(WSListener):
    def __init__(self, number: int, seed: dict[str, Any] | None) -> None:
        self.number, self.seed = number, seed or {}
        self.sid = self.seed.get("streamSid", f"MZ{number:032x}")
        self.tail = f'"}},"streamSid":"{self.sid}"}}'.encode()
        self.open, self.ended_early = False, False
        self.chunk, self.began = 0, now()
        self.plays_until = 0.0
        self.marks: deque[tuple[float, str]] = deque()
        self.talk: Talk | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport, self.open = transport, True
        transport.send(TEXT, b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        start = {
            "streamSid": self.sid,
            "accountSid": self.seed.get("accountSid", ACCOUNT),
            "callSid": self.seed.get("callSid", f"CA{self.number:032x}"),
            "tracks": ["inbound"],
            "customParameters": self.seed.get("customParameters", {}),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        start_message = {"event": "start", "sequenceNumber": "1", "start": start, "streamSid": self.sid}
        transport.send(TEXT, msgspec.json.encode(start_message))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.ended_early = self.open
        self.open = False

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        at = now()
        if frame.msg_type is not TEXT:
            return
        event = msgspec.json.decode(frame.get_payload_as_memoryview())
        match event["event"]:
            case "media":
                payload = event["media"]["payload"]
                begins = max(at, self.plays_until)
                self.plays_until = begins + frames.size(payload) / 8000
                if self.talk is not None:
                    self.talk.audio(at, begins, payload)
            case "mark":
                self.marks.append((max(at, self.plays_until), event["mark"]["name"]))
            case "clear":
                if self.talk is not None:
                    self.talk.cleared(at)
                self.plays_until = at
                while self.marks:
                    self.echo(self.marks.popleft()[1])

    def tick(self, at: float) -> None:
        """The frame that is due, and the marks that were heard."""
        self.chunk += 1
        payload = self.talk.next_frame(at) if self.talk is not None else frames.SILENCE
        message = b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"'
        head = message % (self.chunk + 1, self.chunk, int((at - self.began) * 1000))
        sent_at = now()
        self.transport.send(TEXT, head + payload + self.tail)
        if self.talk is not None:
            self.talk.sent(sent_at)
        while self.marks and self.marks[0][0] <= at:
            self.echo(self.marks.popleft()[1])

    def echo(self, name: str) -> None:
        self.transport.send(TEXT, msgspec.json.encode({"event": "mark", "streamSid": self.sid, "mark": {"name": name}}))

    def stop(self) -> None:
        if self.open:
            self.open = False
            self.transport.send(TEXT, msgspec.json.encode({"event": "stop", "streamSid": self.sid}))
            self.transport.send_close()
            self.transport.disconnect()


class Beats:
    """Marked frames from `begin` to `end`; each must come back once, in order. Latency counts from `measure` on."""

    def __init__(self, number: int, begin: float, measure: float, end: float, newest_only: bool) -> None:
        self.number, self.begin, self.measure, self.end = number, begin, measure, end
        self.newest_only = newest_only
        self.sent_at: list[float] = []
        self.expected = self.lost = self.repeated = 0
        self.latencies: list[float] = []
        self.beating = False

    def next_frame(self, at: float) -> bytes:
        self.beating = self.begin <= at < self.end
        return frames.stamped(self.number, len(self.sent_at)) if self.beating else frames.SILENCE

    def sent(self, at: float) -> None:
        if self.beating:
            self.sent_at.append(at)

    def audio(self, at: float, begins: float, payload: str) -> None:
        back = [number for caller, number, _ in frames.stamps(payload) if caller == self.number]
        for number in back:
            if number < self.expected:
                self.repeated += 1
                continue
            self.lost += number - self.expected
            self.expected = number + 1
        whole = len(back) * frames.FRAME == frames.size(payload)
        for number in back if not self.newest_only else back[-1:] if whole else []:  # older ones waited in the model
            if self.sent_at[number] >= self.measure:
                self.latencies.append(at - self.sent_at[number])

    def cleared(self, at: float) -> None:
        return

    def missing(self) -> int:
        return self.lost + len(self.sent_at) - self.expected


class Barging:
    """Says something, hears the answer begin, speaks into it, and again."""

    SPEAKS_S, LISTENS_S = 0.6, 1.6
    WAITS_S = 8.0

    def __init__(self, number: int, begin: float, end: float) -> None:
        self.number, self.begin, self.end = number, begin, end
        self.state, self.until = "patient", 0.0
        self.answer, self.answer_began, self.answer_s, self.gaps_s = -1, 0.0, 0.0, 0.0
        self.cut_answer, self.spoke_at, self.first = -1, 0.0, False
        self.awaiting_clear = False
        self.clears: list[tuple[float, float]] = []
        """Seconds from the first frame of speech, and when it came."""
        self.heard: list[tuple[int, int, float]] = []
        """Caller, answer, ms really heard of it when it was cut."""
        self.missed = self.unanswered = 0
        self.stale_s = 0.0

    def next_frame(self, at: float) -> bytes:
        match self.state:
            case "patient" if at >= self.begin and at < self.end:
                self.speak(at)
            case "speaking" if at >= self.until:
                self.state, self.until = "waiting", at + self.WAITS_S
            case "waiting" if at >= self.until:
                self.unanswered += 1
                self.state = "patient"
            case "listening" if at >= self.until and at < self.end:
                self.awaiting_clear, self.cut_answer = True, self.answer
                self.speak(at)
        return frames.stamped(self.number, self.answer & 0xFFFFFFFF) if self.state == "speaking" else frames.SILENCE

    def speak(self, at: float) -> None:
        self.state, self.until, self.first = "speaking", at + self.SPEAKS_S, True

    def sent(self, at: float) -> None:
        if self.first:
            self.first, self.spoke_at = False, at

    def audio(self, at: float, begins: float, payload: str) -> None:
        found = next(((answer) for _, answer, said in frames.stamps(payload) if said), None)
        if found is None:
            return
        seconds = frames.size(payload) / 8000
        if found == self.cut_answer:
            if not self.awaiting_clear:
                self.stale_s += seconds
                return
        elif found != self.answer:
            if self.awaiting_clear:
                self.missed, self.awaiting_clear = self.missed + 1, False
            self.answer, self.answer_began, self.answer_s, self.gaps_s = found, begins, 0.0, 0.0
            if self.state in ("waiting", "speaking"):
                self.state, self.until = "listening", at + self.LISTENS_S
        self.gaps_s += max(0.0, begins - (self.answer_began + self.answer_s + self.gaps_s))
        self.answer_s += seconds

    def cleared(self, at: float) -> None:
        if not self.awaiting_clear:
            return
        self.awaiting_clear = False
        self.clears.append((at - self.spoke_at, at))
        heard = min(max(0.0, at - self.answer_began - self.gaps_s), self.answer_s)
        self.heard.append((self.number, self.cut_answer, heard * 1000))
