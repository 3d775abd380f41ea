"""A bench for the core (a clock by hand, every event held to the SDK's types) and a real server for the shell."""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from sandbox.local.server import listen, origin
from sandbox.realtime.__main__ import house_of, server
from sandbox.realtime.config import default_config
from sandbox.realtime.conversation import Conversation
from sandbox.realtime.faults import Faults
from sandbox.realtime.house import House
from sandbox.realtime.ids import Ids
from sandbox.realtime.journal import Journal
from sandbox.realtime.session import Session
from sandbox.realtime.stage import Output, Send, Stage
from sandbox.realtime.standin import Standin
from sandbox.speech import Ear, Library
from sandbox.speech.voices import agent_voice

PLAYBOOKS = Path(__file__).resolve().parents[3] / "prompts" / "playbooks"
TOOLS = [
    {"type": "function", "name": name, "description": name, "parameters": {"type": "object", "properties": {}}}
    for name in ("check_slots", "save_answers", "schedule", "transfer_to_human", "end_call")
]
INSTRUCTIONS = (
    "Playbook: solar-us\n# Role\nBe brief.\n# Facts\nfirst_name: Maria\nbrand: Brightroof\n# Tools\nUse them."
)
ORACLE: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
UNKNOWN_TO_SDK = "response.output_novelty"


def phone_session(**detection: Any) -> dict[str, Any]:
    vad = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500, **detection}
    return {
        "type": "realtime",
        "instructions": INSTRUCTIONS,
        "tools": TOOLS,
        "audio": {
            "input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "any"}, "turn_detection": vad},
            "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
        },
    }


@dataclass
class Bench:
    """Drives one session core: `send` a client event, `run` the clock, read `events` (validated on arrival)."""

    session: Session
    library: Library
    now: float = 100.0
    events: list[dict[str, Any]] = field(default_factory=list)
    endings: list[Output] = field(default_factory=list)
    _count: int = 0

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """The events this causes at once."""
        self._count += 1
        event = {"type": kind, "event_id": f"client_{self._count}", **fields}
        self.session.receive(json.dumps(event), self.now)
        return self._collect()

    def run(self, seconds: float) -> list[dict[str, Any]]:
        """The clock, in the steps the agenda asks for."""
        until, seen = self.now + seconds, len(self.events)
        while (due := self.session.next_at()) is not None and due <= until:
            self.now = max(self.now, due)
            self._collect()
        self.now = until
        self._collect()
        return self.events[seen:]

    def append(self, mulaw: bytes) -> list[dict[str, Any]]:
        """In 20 ms frames, each 20 ms after the other."""
        seen = len(self.events)
        for at in range(0, len(mulaw), 160):
            self.send("input_audio_buffer.append", audio=base64.b64encode(mulaw[at : at + 160]).decode())
            self.run(0.02)
        return self.events[seen:]

    def caller(self, text: str, then_silence_ms: int = 700) -> list[dict[str, Any]]:
        return self.append(self.library.say(text, voice="rms").mulaw + b"\xff" * 8 * then_silence_ms)

    def create(self, **response: Any) -> list[dict[str, Any]]:
        return self.send("response.create", response={"metadata": {"client_event_id": f"c{self._count}"}, **response})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def broken_rules(self) -> list[str]:
        return [each["rule"] for each in self.session.stage.journal.violations]

    def _collect(self) -> list[dict[str, Any]]:
        fresh = []
        for output in self.session.advance(self.now):
            if isinstance(output, Send):
                if not output.event["type"].startswith(UNKNOWN_TO_SDK):
                    ORACLE.validate_python(output.event)
                fresh.append(json.loads(json.dumps(output.event)))
            else:
                self.endings.append(output)
        self.events += fresh
        return fresh


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.shipped()


@pytest.fixture
def make_bench(library: Library) -> Callable[..., Bench]:
    def make(seed: int = 1, model: str = "gpt-realtime-2.1", beta: bool = False, **faults: Any) -> Bench:
        rng = random.Random(seed)
        ids = Ids(rng)
        knobs = Faults()
        knobs.change(faults)
        stage = Stage(
            ids,
            rng,
            default_config(ids.session(), model, 1_800_000_000),
            Conversation(ids.conversation()),
            Journal("sess", model, 100.0),
            knobs,
            lambda text: library.say(text, voice=agent_voice(text, library)).mulaw,
        )
        stage.agenda.now = 100.0
        bench = Bench(Session(stage, Ear(library), Standin(PLAYBOOKS), beta=beta), library)
        bench.run(0)
        return bench

    return make


@pytest.fixture
def phone(make_bench: Callable[..., Bench]) -> Bench:
    """A session configured as a phone call."""
    bench = make_bench()
    bench.send("session.update", session=phone_session())
    return bench


@pytest.fixture
def house() -> House:
    return house_of(PLAYBOOKS, seed=7)


@pytest.fixture
async def address(house: House) -> AsyncIterator[str]:
    listener = listen("127.0.0.1", 0)
    running = server(house)
    task = asyncio.create_task(running.serve(sockets=[listener]))
    while not running.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.005)
    yield origin(listener)
    running.should_exit = True
    await task


@pytest.fixture(scope="session")
def session_config() -> Callable[..., dict[str, Any]]:
    """The session of a phone call; keywords change its turn detection."""
    return phone_session
