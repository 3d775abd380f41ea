"""All sessions of one server: opens them with their own seed, keeps their journals, spreads faults."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.realtime.config import SESSION_SECONDS, default_config
from sandbox.realtime.conversation import Conversation
from sandbox.realtime.faults import Faults
from sandbox.realtime.ids import Ids
from sandbox.realtime.journal import Journal
from sandbox.realtime.session import Session
from sandbox.realtime.socket import Socket
from sandbox.realtime.stage import Cut, Ear, Hang, Stage, Voice
from sandbox.realtime.turn import Model


@dataclass
class House:
    voice: Voice
    ear: Callable[[], Ear]
    model: Model
    seed: int = 0
    faults: Faults = field(default_factory=Faults)
    journals: list[Journal] = field(default_factory=list)
    open: set[Socket] = field(default_factory=set)
    _opened: int = 0

    def session(self, model_name: str, *, beta: bool) -> Session:
        self._opened += 1
        rng = random.Random(f"{self.seed}:{self._opened}")
        ids, now = Ids(rng), time.monotonic()
        session_id = ids.session()
        expires_at = int(time.time()) + SESSION_SECONDS  # a lifetime, not a date: it does not follow `CLOCK_OFFSET`
        journal = Journal(session_id, model_name, now, now=now)
        self.journals.append(journal)
        config = default_config(session_id, model_name, expires_at)
        stage = Stage(ids, rng, config, Conversation(ids.conversation()), journal, self.faults, self.voice)
        stage.agenda.now = now
        return Session(stage, self.ear(), self.model, beta=beta)

    def change_faults(self, document: dict[str, object]) -> None:
        """`drop_now` acts on every open session at once, the others when their moment comes."""
        self.faults.change(document)
        drop = self.faults.take("drop_now")
        if drop is not None:
            ending = Hang(int(drop["code"]), "sandbox fault") if drop.get("code") else Cut()
            for socket in list(self.open):
                socket.poke(lambda session, now: session.end_now(ending, now))

    def forget(self) -> None:
        """As if just started: a session that is still open, or hangs half open, is cut."""
        self.faults.clear()
        for socket in list(self.open):
            socket.cut()
        self.journals.clear()
