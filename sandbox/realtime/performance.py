"""One response being performed: the exact order of its events, the pace of its audio, and every way it can end early.

`perform` is a generator that sends through the stage and yields the seconds to wait; the caller closes it to cut it
short and then calls `finish`, which closes what is open. Where the API does not specify an order, the order is drawn.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from sandbox.realtime.audio import MULAW_BYTES_PER_MS, from_mulaw
from sandbox.realtime.conversation import Item
from sandbox.realtime.response import Response
from sandbox.realtime.stage import Stage
from sandbox.realtime.turn import Call, Say, Turn

_DELTA_BYTES = (700, 3900)  # 87 to 487 ms, hardly ever whole 20 ms frames
_TIMES_REAL_TIME = (5.0, 20.0)
_TRANSCRIPT_LEAD = 0.25
_BETWEEN_ITEMS_S = 0.02
_OBFUSCATED = 0.2  # the share of transcript deltas that carry a key the schema does not list, as live ones do


@dataclass
class Performance:
    stage: Stage
    response: Response
    _written: str = ""  # the transcript of the open item so far

    def perform(self, turn: Turn) -> Iterator[float]:
        for step in turn:
            match step:
                case Say():
                    yield from self._say(step)
                case Call():
                    yield from self._call(step)
                case _:
                    assert_never(step)
            yield _BETWEEN_ITEMS_S

    def close_item(self, status: str) -> None:
        """All `done` events of the item now open, whatever became of it."""
        item = self.response.open
        if item is None:
            return
        item.status = status
        if item.type == "message":
            self._close_part(item)
        else:
            fields = {"call_id": item.call_id, "name": item.name, "arguments": item.arguments}
            self._send("response.function_call_arguments.done", item, **fields)
        self.response.open = None
        self._announce_twice("done", item)

    def _say(self, step: Say) -> Iterator[float]:
        item = Item(self.stage.ids.item(), "message", role="assistant", status="in_progress", phase=step.phase)
        self._open(item)
        if self.response.modalities == ["text"]:
            self._send("response.content_part.added", item, content_index=0, part={"type": "text", "text": ""})
            yield from self._text(item, step.text)
        else:
            self._send("response.content_part.added", item, content_index=0, part={"type": "audio", "transcript": ""})
            yield from self._audio(item, step.text)
        self.close_item("completed")

    def _text(self, item: Item, text: str) -> Iterator[float]:
        for words in _pieces(text):
            item.words += words
            self._send("response.output_text.delta", item, content_index=0, delta=words)
            yield 0.005

    def _audio(self, item: Item, text: str) -> Iterator[float]:
        sound = self.stage.voice(text)
        item.words, item.spoken_bytes = text, len(sound)
        speed = self.stage.rng.uniform(*_TIMES_REAL_TIME)
        for start, end in self._cuts(len(sound)):
            self._write(item, text, until=len(text) * min(1.0, end / len(sound) + _TRANSCRIPT_LEAD))
            self._delta(item, sound[start:end])
            yield (end - start) / MULAW_BYTES_PER_MS / 1000 / speed

    def _write(self, item: Item, text: str, until: float) -> None:
        for words in _pieces(text[len(self._written) :]):
            if len(self._written) >= until:
                return
            self._written += words
            extra = {"obfuscation": "x" * self.stage.rng.randint(1, 9)} if self.stage.rng.random() < _OBFUSCATED else {}
            self._send("response.output_audio_transcript.delta", item, content_index=0, delta=words, **extra)

    def _cuts(self, total: int) -> Iterator[tuple[int, int]]:
        start = 0
        while start < total:
            end = min(total, start + self.stage.rng.randint(*_DELTA_BYTES))
            yield start, end
            start = end

    def _delta(self, item: Item, mulaw: bytes) -> None:
        item.audio_bytes += len(mulaw)
        self.stage.has_spoken = True
        delta = base64.b64encode(from_mulaw(mulaw, self.response.audio_format["type"])).decode("ascii")
        self._send("response.output_audio.delta", item, content_index=0, delta=delta)
        for wire in self.response.tripwires:
            if not wire.sprung and self.response.audio_ms >= wire.after_ms:
                wire.sprung = True
                wire.spring()

    def late_deltas(self, count: int) -> None:
        """Audio already on its way when the person started to speak."""
        item = self.response.open
        if item is None or item.type != "message" or not item.spoken_bytes:
            return
        sound = self.stage.voice(item.words)[item.audio_bytes :]
        for start, end in list(self._cuts(len(sound)))[:count]:
            self._delta(item, sound[start:end])

    def _call(self, step: Call) -> Iterator[float]:
        arguments = json.dumps(step.arguments, ensure_ascii=False)
        if self.stage.faults.take("invalid_arguments") is not None:
            arguments = arguments[: max(1, len(arguments) // 2)]
        item = Item(
            self.stage.ids.item(), "function_call", status="in_progress", name=step.name, call_id=self.stage.ids.call()
        )
        self._open(item)
        for at in range(0, len(arguments), 12):
            piece = arguments[at : at + 12]
            item.arguments += piece
            self._send("response.function_call_arguments.delta", item, call_id=item.call_id, delta=piece)
            yield 0.002
        self.stage.journal.note_call(item.call_id, item.name, arguments)
        self.close_item("completed")

    def _open(self, item: Item) -> None:
        self.response.items.append(item)
        self.response.open = item
        self._written = ""
        if not self.response.out_of_band:
            self.stage.conversation.add(item)
        self._announce_twice("added", item)

    def _close_part(self, item: Item) -> None:
        if self.response.modalities == ["text"]:
            self._send("response.output_text.done", item, content_index=0, text=item.words)
            part = {"type": "text", "text": item.words}
            item.content = [{"type": "output_text", "text": item.words}]
        else:
            self._send("response.output_audio.done", item, content_index=0)
            self._send("response.output_audio_transcript.done", item, content_index=0, transcript=self._written)
            part = {"type": "audio", "transcript": self._written}
            transcript = "" if item.heard_ms is not None else self._written
            item.content = [{"type": "output_audio", "transcript": transcript}]
            self.stage.journal.transcript.append({"t": self.stage.journal.at(), "who": "agent", "text": self._written})
        self._send("response.content_part.done", item, content_index=0, part=part)

    def _send(self, kind: str, item: Item, **fields: Any) -> None:
        index = self.response.items.index(item)
        self.stage.send(kind, response_id=self.response.id, item_id=item.id, output_index=index, **fields)

    def _announce_twice(self, verb: str, item: Item) -> None:
        """As an item of the response and of the conversation; the API leaves the order open."""
        announcements = [self._output_item, self._conversation_item]
        self.stage.rng.shuffle(announcements)
        for announce in announcements:
            announce(verb, item)

    def _output_item(self, verb: str, item: Item) -> None:
        index = self.response.items.index(item)
        kind = f"response.output_item.{verb}"
        self.stage.send(kind, response_id=self.response.id, output_index=index, item=item.wire())

    def _conversation_item(self, verb: str, item: Item) -> None:
        if not self.response.out_of_band and self.stage.conversation.find(item.id):
            previous = self.stage.conversation.previous(item)
            self.stage.send(f"conversation.item.{verb}", previous_item_id=previous, item=item.wire())


def _pieces(text: str) -> list[str]:
    """Two words at a time, spaces kept, so that the pieces add up to the text."""
    return re.findall(r"\s*\S+(?:\s+\S+)?", text)
