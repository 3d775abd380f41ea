"""Starts processes in stages, restarts what dies, stops them in reverse order, and leaves none behind.

When the supervisor itself is killed the kernel kills its children (PR_SET_PDEATHSIG on Linux). That signal fires when the
*thread* that forked ends, so everything here forks from the main thread (docs/decisions/0004-supervisor.md).
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """One process: how to start it, how to know it is ready, how to stop it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready_line: str | None = None
    """A regular expression in its output that says it is ready; None: ready when started."""
    ready: Callable[[], bool] | None = None
    """Or a check to be polled."""
    ready_within: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    """Seconds until SIGKILL."""
    once: bool = False
    """Must end by itself with status 0 before the next stage starts (migrations)."""
    cwd: Path | None = None
    nice: int = 0
    """How far it steps back where processes want the same core."""

    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None
    is_ready: threading.Event = field(default_factory=threading.Event)
    restarts: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None


class NotReady(RuntimeError):
    """A process did not become ready; the message has the last lines it printed."""


class Supervisor:
    """Run with `with Supervisor(stages, say) as running: running.watch()`. Must live on the main thread.

    The processes of a stage start together; the next stage starts when all of them are ready.
    """

    def __init__(self, stages: Sequence[Sequence[Child]], say: Callable[[str, str], None]) -> None:
        self.stages = [list(stage) for stage in stages]
        self.children = [child for stage in self.stages for child in stage]
        self.say = say
        self.stopping = False
        self._tails: dict[str, list[str]] = {}

    def __enter__(self) -> "Supervisor":
        try:
            for stage in self.stages:
                for child in stage:
                    self._start(child)
                for child in stage:
                    self._await_ready(child)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def watch(self, *, until: Callable[[], bool] = lambda: False, every: float = 0.1) -> None:
        """Restart what dies until `until()` is true or a stop was requested."""
        while not self.stopping and not until():
            for child in self.children:
                self._mend(child)
            time.sleep(every)

    def request_stop(self, *_signal: object) -> None:
        """Make `watch` return; safe in a signal handler."""
        self.stopping = True

    def stop(self) -> None:
        """Stop everything, last started first, each with its own patience."""
        self.stopping = True
        for child in reversed(self.children):
            self._stop(child)

    def _start(self, child: Child) -> None:
        child.is_ready.clear()
        child.started_at = time.monotonic()
        child.start_again_at = None
        child.process = subprocess.Popen(  # noqa: S603  our own programs only
            child.argv,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.env},
            cwd=child.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops the rest in order
            preexec_fn=_die_with_parent(os.getpid(), child.nice),  # noqa: PLW1509  the child only makes a few system calls before exec
        )
        assert child.process.stdout is not None
        child.reader = threading.Thread(target=self._read, args=(child, child.process.stdout), daemon=True)
        child.reader.start()

    def _read(self, child: Child, output: IO[str]) -> None:
        tail = self._tails[child.name] = []
        pattern = re.compile(child.ready_line) if child.ready_line else None
        for line in map(str.rstrip, output):
            tail[:] = [*tail[-19:], line]
            self.say(child.name, line)
            if pattern and pattern.search(line):
                child.is_ready.set()

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + child.ready_within
        process = child.process
        assert process is not None
        while time.monotonic() < deadline and not self.stopping:
            status = process.poll()
            if status is not None:
                if child.once and status == 0:
                    return
                break
            if not child.once and self._says_ready(child):
                return
            child.is_ready.wait(0.02)
        if not self.stopping:
            raise NotReady(f"{child.name} did not start:\n" + "\n".join(self._tails.get(child.name, [])))

    def _says_ready(self, child: Child) -> bool:
        if child.ready_line:
            return child.is_ready.is_set()
        return child.ready() if child.ready else True

    def _mend(self, child: Child) -> None:
        if child.once or child.process is None or child.process.poll() is None or self.stopping:
            return
        now = time.monotonic()
        if child.start_again_at is None:
            lived = now - child.started_at
            child.restarts = 0 if lived > 60 else child.restarts
            wait = min(0.2 * 2**child.restarts, 10.0)
            child.start_again_at = now + wait
            self.say(child.name, f"ended with status {child.process.returncode}; starting again in {wait:.1f} s")
        elif now >= child.start_again_at:
            child.restarts += 1
            self._start(child)

    def _stop(self, child: Child) -> None:
        process = child.process
        if process is None or process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(child.stop_signal)
        try:
            process.wait(child.stop_within)
        except subprocess.TimeoutExpired:
            self.say(child.name, f"did not stop within {child.stop_within:.0f} s; killing it")
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if child.reader:
            child.reader.join(1)  # its last words come before the next one's


def _die_with_parent(parent: int, nice: int) -> Callable[[], None]:
    """Runs in the child between fork and exec: ask to be killed with the parent, unless it died in between."""

    def prepare() -> None:
        os.nice(nice)
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
