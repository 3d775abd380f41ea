"""A whole installation on free ports: the sandbox's vendors, `firstring up`, and a way to look at both from outside.

Everything goes through what a customer has: environment, CLI, campaign file, the leads door and the API. Every process it
starts carries a tag in its environment, so that `strays()` can say whether anything outlived it.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from sandbox.demo.submit import encode, signed
from tests.conftest import die_with_parent, free_port
from webhooks.commands import embedded
from webhooks.commands.demo import offset

TAG = "FIRSTRING_TEST_STACK"
TOKEN = "journey-token"
SECRET = "whsec_" + "am91cm5leS1qb3VybmV5LWpvdXJuZXktam91cm5leQ=="
SINK_SECRET = "whsec_" + "Y3JtLXNpbmstc2VjcmV0LWNybS1zaW5rLXNlY3JldA=="
VENDORS = ("twilio", "realtime", "google", "hubspot", "crm_sink")
FINAL = ("blocked", "booked", "qualified", "not_qualified", "declined", "opted_out", "unreachable", "needs_human")
CAMPAIGN = """
name: journey
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources:
  - {name: website, kind: standard, secret_env: LEADS_WEBSITE_SECRET}
people:
  - {name: Sal, calendar: sal@brightroof.example, phone: "+12125550142", hours: {mon-fri: ["09:00-17:00"]}}
  - {name: Kim, calendar: kim@brightroof.example, phone: "+12125550143", hours: {mon-fri: ["09:00-17:00"]}}
hours: {mon-fri: ["09:00-20:00"]}
retries:
  busy: {after_minutes: []}
  no_answer: {after_minutes: []}
  voicemail: {after_minutes: []}
  failed: {after_minutes: []}
  gap_minutes: 0
pacing: {calls_per_second: 20, concurrent_calls: 60, per_number_hour: 100000, per_number_day: 100000}
budget: {ring_seconds: 15, max_call_seconds: 300}
"""


def until(look: Callable[[], Any], what: str, patience: float = 60.0, every: float = 0.1) -> Any:
    """What `look` returns once it is true; an error that names what was waited for otherwise."""
    end = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(every)
    return seen


def strays(tag: str) -> list[str]:
    """Command lines of living processes that were started under this tag."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            tagged = f"{TAG}={tag}".encode() in (entry / "environ").read_bytes().split(b"\0")
            alive = "\nState:\tZ" not in (entry / "status").read_text()
        except OSError:
            continue
        if tagged and alive:
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def bare_environment(tag: str) -> dict[str, str]:
    """What a process of a stack inherits: nothing of the developer's own configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    cache = {} if _has_bytecode() else {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "firstring-pycache")}
    return {**kept, **cache, "PYTHONUNBUFFERED": "1", TAG: tag}


def _has_bytecode() -> bool:
    """Without cached bytecode each of a stack's dozen processes would compile every library anew."""
    return Path(httpx.__file__).parent.joinpath("__pycache__").exists()


def _families() -> dict[int, list[tuple[int, list[str]]]]:
    """Living processes with their command lines, by their parent."""
    found: dict[int, list[tuple[int, list[str]]]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            continue
        if words:
            found.setdefault(parent, []).append((int(entry.name), words))
    return found


class Stack:
    """`with Stack(...) as stack:` starts it; leaving stops it in order."""

    def __init__(
        self,
        *,
        database_url: str | None = None,
        single_port: bool = False,
        crm: str = "hubspot",
        campaign: str = CAMPAIGN,
        extra: Mapping[str, str] | None = None,
        cps: float = 20.0,
        only_web: bool = False,
    ) -> None:
        self.tag = uuid.uuid4().hex
        self.folder = Path(tempfile.mkdtemp(prefix="fr-"))
        self.urls = {name: f"http://127.0.0.1:{free_port()}" for name in (*VENDORS, "web", "media")}
        self.offset = offset(datetime.now(UTC))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.campaign, self.cps, self.only_web = campaign, cps, only_web
        self.environment = self._environment(database_url, single_port, crm) | dict(extra or {})
        self.web = httpx.Client(base_url=self.urls["web"], timeout=10)
        self.vendors = httpx.Client(timeout=10)

    def __enter__(self) -> Self:
        try:
            if not self.only_web:
                self._start_vendors()
            self.firstring("migrate")
            (self.folder / "journey.yaml").write_text(self.campaign, encoding="utf-8")
            self.firstring("campaign", "apply", "journey.yaml")
            if self.only_web:
                self._start_web()
            else:
                self.up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is not None:
            print(self.tail())
        self.close()

    # Processes

    def firstring(self, *words: str) -> None:
        """Run one command to its end."""
        ran = subprocess.run(
            [sys.executable, "-m", "webhooks.cli", *words],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr + ran.stdout

    def up(self) -> None:
        """Start `firstring up` and wait until it says it is ready."""
        self._spawn("up", [sys.executable, "-m", "webhooks.cli", "up"])
        self._ready("up", 120)

    def pids(self) -> dict[str, int]:
        """The processes that `firstring up` runs now, by name; `worker child` is one of the worker's own."""
        families = _families()
        found = {}
        for pid, words in families.get(self.processes["up"].pid, []):
            found[_called(words)] = pid
        if children := families.get(found.get("worker", 0)):
            found["worker child"] = random.choice(children)[0]
        return found

    def kill(self, name: str) -> None:
        """kill -9 of one of `up`'s processes."""
        if (pid := self.pids().get(name)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, name: str = "up", how: signal.Signals = signal.SIGTERM, patience: float = 90.0) -> int:
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        """Stop whatever still runs, the product before its vendors."""
        for name in list(reversed(self.processes)):
            self.stop(name)
        self.web.close()
        self.vendors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tail(self, lines: int = 40) -> str:
        """The end of every log, for the report of a failed test."""
        said = []
        for log in sorted([*self.folder.glob("*.log"), *self.folder.glob("var/log/*.log")]):
            text = [line for line in log.read_text(errors="replace").splitlines() if "celery.app.trace" not in line]
            said.append(f"--- {log.name}\n" + "\n".join(text[-lines:]))
        return "\n".join(said)

    # The product, as its customers see it

    def submit(self, phone: str, **fields: Any) -> dict[str, Any]:
        """Post a lead through the door; its answer with the HTTP status under `http`."""
        lead: dict[str, Any] = {
            "external_id": uuid.uuid4().hex, "first_name": "Maria", "email": "maria@example.com", "phone": phone, "country": "US",
            "timezone": "America/New_York", "consent": {"given": True, "text": "I agree to be called.", "method": "checkbox"},
        }  # fmt: skip
        body, kind = encode({**lead, **fields}, form=False)
        answer = self.web.post(
            "/leads/website", content=body, headers={"content-type": kind, **signed(body, SECRET, self.offset)}
        )
        return {**answer.json(), "http": answer.status_code}

    def answers(self) -> bool:
        """Whether the web process is there."""
        try:
            return self.web.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def lead(self, lead_id: str) -> dict[str, Any]:
        answer = self.web.get(f"/leads/{lead_id}", headers={"authorization": f"Bearer {TOKEN}"})
        answer.raise_for_status()
        story: dict[str, Any] = answer.json()
        return story

    def await_lead(self, lead_id: str, *states: str, patience: float = 150.0) -> dict[str, Any]:
        """The lead's story once it is in one of `states` (any end state by default) and the CRM has been told."""

        def rests() -> dict[str, Any] | None:
            story = self.lead(lead_id)
            told = all(entry["state"] != "due" for entry in story["crm"])
            settled = all(attempt["settled_at"] for attempt in story["attempts"])
            settled = settled and (bool(story["attempts"]) or story["status"] == "blocked")
            return story if story["status"] in (states or FINAL) and told and settled else None

        seen: dict[str, Any] = until(rests, f"lead becomes {' or '.join(states or FINAL)}", patience, every=0.3)
        return seen

    # The vendors, behind the stage

    def seen(self, vendor: str, what: str) -> Any:
        answer = self.vendors.get(f"{self.urls[vendor]}/_sandbox/{what}")
        answer.raise_for_status()
        return answer.json()

    def calls(self, to: str | None = None) -> list[dict[str, Any]]:
        return [call for call in self.seen("twilio", "calls")["calls"] if to in (None, call["to"])]

    def break_(self, vendor: str, **knobs: Any) -> None:
        self.vendors.post(f"{self.urls[vendor]}/_sandbox/faults", json=knobs).raise_for_status()

    def script(self, to: str, answer: str, steps: Sequence[Mapping[str, Any]] = (), ring_s: float = 0.1) -> None:
        """Spell out who answers this number."""
        document = {"to": to, "answer": answer, "ring_s": ring_s, "steps": list(steps)}
        self.vendors.post(f"{self.urls['twilio']}/_sandbox/calls/script", json=document).raise_for_status()

    def _start_vendors(self) -> None:
        extra = {
            "twilio": ["--state-dir", str(self.folder / "twilio"), "--cps", str(self.cps)],
            "google": ["--write-credentials", str(self.folder / "google.json")],
            "crm_sink": ["--secret", SINK_SECRET],
        }
        for name in VENDORS:
            port = self.urls[name].rpartition(":")[2]
            self._spawn(name, [sys.executable, "-m", f"sandbox.{name}", "--port", port, *extra.get(name, [])])
        for name in VENDORS:
            self._ready(name, 60)

    def _start_web(self) -> None:
        """The web process and Redis alone: nobody works on what it takes in."""
        broker, self.environment["REDIS_URL"] = embedded.broker(self.folder / "redis")
        self._spawn("redis", broker.argv)
        until(broker.ready or (lambda: True), "redis answers")
        self._spawn("web", [sys.executable, "-m", "webhooks.cli", "web"])
        until(self.answers, "the web process answers")

    def _spawn(self, name: str, argv: Sequence[str]) -> None:
        with open(self.folder / f"{name}.log", "ab") as log:
            log.truncate(0)
            self.processes[name] = subprocess.Popen(
                argv, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is held in our threads
            )  # fmt: skip

    def _ready(self, name: str, patience: float) -> None:
        def says_so() -> bool:
            text = (self.folder / f"{name}.log").read_text(errors="replace")
            assert self.processes[name].poll() is None, f"{name} ended:\n{text[-3000:]}"
            return any(line.startswith("ready ") for line in text.splitlines())

        until(says_so, f"{name} is ready", patience, every=0.05)

    def _environment(self, database_url: str | None, single_port: bool, crm: str) -> dict[str, str]:
        chosen = {
            **bare_environment(self.tag),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "ENVIRONMENT": "sandbox",
            "MEDIA_MAX_LAG_MS": "5000",
            "MEDIA_MAX_BUSY": "1",
            "PUBLIC_URL": self.urls["web"],
            "PORT": self.urls["web"].rpartition(":")[2],
            "MEDIA_PORT": self.urls["media"].rpartition(":")[2],
            "API_TOKEN": TOKEN,
            "TWILIO_API_URL": self.urls["twilio"],
            "TWILIO_CALLS_PER_SECOND": "100",
            "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
            "TWILIO_AUTH_TOKEN": "sandbox_auth_token_0123456789abcdef",
            "TWILIO_FROM_NUMBERS": "+12125550100",
            "OPENAI_API_KEY": "sk-sandbox",
            "OPENAI_API_URL": self.urls["realtime"] + "/v1",
            "OPENAI_REALTIME_URL": self.urls["realtime"].replace("http", "ws", 1) + "/v1/realtime",
            "GOOGLE_CALENDAR_URL": self.urls["google"],
            "GOOGLE_SERVICE_ACCOUNT_FILE": str(self.folder / "google.json"),
            "GOOGLE_IMPERSONATE": "sales@brightroof.example",
            "CRM": crm,
            "HUBSPOT_API_URL": self.urls["hubspot"],
            "HUBSPOT_ACCESS_TOKEN": "pat-sandbox",
            "CRM_WEBHOOK_URL": self.urls["crm_sink"] + "/hooks",
            "CRM_WEBHOOK_SECRET": SINK_SECRET,
            "CLOCK_OFFSET": str(self.offset),
            "LEADS_WEBSITE_SECRET": SECRET,
        }
        if database_url:
            chosen["DATABASE_URL"] = database_url
        if not single_port:
            chosen["MEDIA_PUBLIC_URL"] = self.urls["media"].replace("http", "ws", 1)
        return chosen


def _called(words: list[str]) -> str:
    """What a process of `firstring up` is: the broker, a worker by its name, or its subcommand."""
    if any("unixsocket" in word for word in words):  # the server rewrites its title
        return "redis"
    return words[words.index("--name") + 1] if "--name" in words else words[-1]
