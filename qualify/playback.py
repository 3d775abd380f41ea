"""What the phone has been sent and what the person has heard of it, per spoken item.

Heard advances by mark echoes only, plus a bounded guess inside the chunk now playing. Echoes that `clear` causes change
nothing: a clear starts a new generation and forgets the marks of the old one. (realtime.md rules 15-20, 24-26; twilio.md 7.5)
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from qualify.audio import BYTES_PER_MS, MARK_BYTES, pieces, size
from qualify.commands import Command, Mark, Play

NEARLY_MARKED = MARK_BYTES * 9 // 10
"""From here on a mark is sent at once: what comes next would hardly fit in front of it."""
LATE_ECHO = 0.25
"""An echo later than this means that the phone stood still, not that the echo was slow."""
UNKNOWN_LAG = 0.05
"""Seconds assumed between sending to an idle phone and its first sound, until an echo has shown the real figure."""


@dataclass(slots=True)
class Spoken:
    """One item's audio: bytes received from the model, sent to the phone, proven heard."""

    item_id: str
    response_id: str
    received: int = 0
    sent: int = 0
    heard: int = 0
    flushed: bool = False
    ended: bool = False
    """No more of it will come."""
    whole: bool = False
    """The model has sent all of it: its words and its audio end together."""

    @property
    def ms(self) -> int:
        return self.received // BYTES_PER_MS


@dataclass(slots=True)
class _Chunk:
    """The audio in front of one mark."""

    mark: str
    item_id: str
    size: int
    sent_at: float


@dataclass(slots=True)
class Playback:
    items: dict[str, Spoken] = field(default_factory=dict)
    generation: int = 0
    _pending: deque[_Chunk] = field(default_factory=deque)
    _unmarked: int = 0
    _unmarked_item: str = ""
    _unmarked_at: float = 0.0
    _played_to: float = 0.0
    """When the last chunk that was proven heard stopped sounding: at its echo, or earlier when earlier echoes say so."""
    _lag: float | None = None
    _serial: int = 0
    _last: Spoken | None = None

    def play(self, response_id: str, item_id: str, payload: str, now: float) -> list[Command]:
        """Send audio of an item, with a mark behind every 200 ms at most."""
        spoken = self.items.get(item_id)
        if spoken is None:
            spoken = self.items[item_id] = Spoken(item_id, response_id)
        self._last = spoken
        return self.more(payload, now)

    def more(self, payload: str, now: float) -> list[Command]:
        """Send more of the item that was sent last."""
        spoken, length = self._last, size(payload)
        assert spoken is not None
        if length <= MARK_BYTES:
            return self._piece(spoken, payload, length, now)
        return [command for piece in pieces(payload) for command in self._piece(spoken, piece, size(piece), now)]

    def _piece(self, spoken: Spoken, piece: str, length: int, now: float) -> list[Command]:
        commands: list[Command] = []
        if self._unmarked and (self._unmarked_item != spoken.item_id or self._unmarked + length > MARK_BYTES):
            commands.append(self._mark())
        if not self._unmarked:
            self._unmarked_item, self._unmarked_at = spoken.item_id, now
        spoken.received += length
        spoken.sent += length
        self._unmarked += length
        commands.append(Play(piece))
        if self._unmarked >= NEARLY_MARKED:
            commands.append(self._mark())
        return commands

    def end(self, item_id: str, *, whole: bool = False) -> Iterator[Command]:
        """No more of this item will come: mark its last piece."""
        spoken = self.items.get(item_id)
        if spoken is not None:
            spoken.ended, spoken.whole = True, spoken.whole or whole
        if self._unmarked and self._unmarked_item == item_id:
            yield self._mark()

    def flag(self, name: str, now: float) -> Iterator[Command]:
        """A mark of one's own behind everything sent so far (a terminal mark, a clip's chunk has its own audio)."""
        if self._unmarked:
            yield self._mark()
        self._pending.append(_Chunk(name, "", 0, now))
        yield Mark(name)

    def echoed(self, name: str, now: float) -> bool:
        """A mark came back. False when it is stale (flushed by a clear, or unknown): then nothing was proven."""
        if not any(chunk.mark == name for chunk in self._pending):
            return False
        while self._pending:  # marks come back in order; one that was lost is proven by a later one
            chunk = self._pending.popleft()
            self._prove(chunk, now)
            if chunk.mark == name:
                break
        return True

    def clear(self, now: float) -> dict[str, int]:
        """Forget what is unplayed. Returns the ms heard per item that had unheard audio, in order of playing."""
        self._close_unmarked()
        cut: dict[str, int] = {}
        for item_id in self.unheard_items():
            spoken = self.items[item_id]
            spoken.heard = self._heard_bytes(item_id, now)
            spoken.flushed = True
            cut[item_id] = spoken.heard // BYTES_PER_MS
        self._pending.clear()
        self.generation += 1
        return cut

    def heard_ms(self, item_id: str, now: float) -> int:
        return self._heard_bytes(item_id, now) // BYTES_PER_MS if item_id in self.items else 0

    def unheard_ms(self, now: float) -> int:
        """Audio the phone still has to play, all items and clips."""
        pending = sum(chunk.size for chunk in self._pending) + self._unmarked
        return max(0, pending - self._guess(now)) // BYTES_PER_MS

    @property
    def silent(self) -> bool:
        """Everything sent has been played, as far as echoes tell."""
        return not self._unmarked and not any(chunk.size for chunk in self._pending)

    def unheard_items(self) -> list[str]:
        """In order of playing."""
        order = dict.fromkeys(chunk.item_id for chunk in self._pending if chunk.item_id)
        return [*order, self._unmarked_item] if self._unmarked and self._unmarked_item not in order else list(order)

    def _heard_bytes(self, item_id: str, now: float) -> int:
        spoken = self.items[item_id]
        if spoken.flushed:
            return spoken.heard
        first = self._pending[0] if self._pending else None
        playing = first.item_id if first else self._unmarked_item
        guess = self._guess(now) if playing == item_id else 0
        return min(spoken.heard + guess, spoken.sent)

    def _guess(self, now: float) -> int:
        """Bytes of the chunk now playing that the person has probably heard."""
        if self._pending:
            chunk = self._pending[0]
            length, sent_at = chunk.size, chunk.sent_at
        elif self._unmarked:
            length, sent_at = self._unmarked, self._unmarked_at
        else:
            return 0
        return max(0, min(length, int((now - self._began(sent_at)) * 1000) * BYTES_PER_MS))

    def _began(self, sent_at: float) -> float:
        """When a chunk sounds: right behind the one before, or a little after it was sent to a phone that was idle."""
        if sent_at <= self._played_to:
            return self._played_to
        return sent_at + (UNKNOWN_LAG if self._lag is None else self._lag)

    def _prove(self, chunk: _Chunk, now: float) -> None:
        if chunk.item_id:
            self.items[chunk.item_id].heard += chunk.size
        if not chunk.size:
            return
        seconds = chunk.size / (BYTES_PER_MS * 1000)
        if chunk.sent_at > self._played_to:
            surplus = max(0.0, now - chunk.sent_at - seconds)
            self._lag = surplus if self._lag is None else min(self._lag, surplus)
        # Echoes are never early but often late; the phone plays without a gap, so the promptest of a row sets the time.
        self._played_to = max(min(now, self._began(chunk.sent_at) + seconds), now - LATE_ECHO)

    def _mark(self) -> Mark:
        spoken = self.items[self._unmarked_item]
        self._serial += 1
        name = f"{spoken.item_id}:{spoken.sent // BYTES_PER_MS}:{self.generation}.{self._serial}"
        self._pending.append(_Chunk(name, spoken.item_id, self._unmarked, self._unmarked_at))
        self._unmarked = 0
        return Mark(name)

    def _close_unmarked(self) -> None:
        if self._unmarked:
            self._pending.append(_Chunk("", self._unmarked_item, self._unmarked, self._unmarked_at))
            self._unmarked = 0
