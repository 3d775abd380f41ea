"""What every part of one session shares: its clock as data, its names, what it has to send, and the ways it can end."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.realtime.agenda import Agenda
from sandbox.realtime.config import Config
from sandbox.realtime.conversation import Conversation
from sandbox.realtime.faults import Faults
from sandbox.realtime.ids import Ids
from sandbox.realtime.journal import Journal
from sandbox.realtime.schema import Refused


@dataclass(frozen=True)
class Send:
    event: dict[str, Any]


@dataclass(frozen=True)
class Hang:
    """Close the WebSocket in order."""

    code: int
    reason: str = ""


@dataclass(frozen=True)
class Cut:
    """Abort the TCP connection: the peer sees 1006."""


@dataclass(frozen=True)
class Freeze:
    """Half-open: send nothing, read nothing, stay connected."""


Output = Send | Hang | Cut | Freeze
Voice = Callable[[str], bytes]  # text to 8 kHz μ-law


class Ear(Protocol):
    def feed(self, mulaw: bytes) -> list[Any]: ...

    def flush(self) -> list[Any]: ...


@dataclass
class Stage:
    ids: Ids
    rng: random.Random
    config: Config
    conversation: Conversation
    journal: Journal
    faults: Faults
    voice: Voice
    agenda: Agenda = field(default_factory=Agenda)
    out: list[Output] = field(default_factory=list)
    has_spoken: bool = False
    over: bool = False

    @property
    def now(self) -> float:
        return self.agenda.now

    def send(self, kind: str, **fields: Any) -> None:
        if not self.over:
            self.out.append(Send({"type": kind, "event_id": self.ids.event(), **fields}))

    def refuse(self, refused: Refused, event_id: object) -> None:
        """An `error` event; the client's event id is echoed when it is one."""
        error = {
            "type": refused.kind,
            "code": refused.code,
            "message": refused.message,
            "param": refused.param,
            "event_id": event_id if isinstance(event_id, str) else None,
        }
        self.journal.errors.append({"t": self.journal.at(), **error})
        self.send("error", error=error)

    def end(self, output: Output) -> None:
        """The last thing that happens on this socket."""
        if not self.over:
            self.out.append(output)
            self.over = True
            self.agenda.clear()
            if isinstance(output, Hang):
                self.journal.note_close(output.code, "server")
            else:
                self.journal.note_close(1006, "server")
