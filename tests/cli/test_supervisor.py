"""The supervisor with real processes: order, restarts, stops, and nothing left behind after any ending."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from webhooks.commands.supervisor import Child, NotReady, Supervisor

ROOT = Path(__file__).parents[2]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


STAYS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))
print('ready', flush=True)
while True: time.sleep(0.05)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
while True: time.sleep(1)
"""


def wait_until(met: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not met():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_starts_in_order_and_stops_in_reverse() -> None:
    said: list[tuple[str, str]] = []
    children = [Child(name, python(STAYS), ready_line="^ready$") for name in ("first", "second", "third")]
    with Supervisor([[child] for child in children], lambda *line: said.append(line)):
        assert [name for name, line in said if line == "ready"] == ["first", "second", "third"]
    wait_until(lambda: sum(line == "bye" for _, line in said) == 3)
    assert [name for name, line in said if line == "bye"] == ["third", "second", "first"]


def test_restarts_what_dies_and_leaves_the_others_alone() -> None:
    steady, frail = (Child(name, python(STAYS), ready_line="^ready$") for name in ("steady", "frail"))
    with Supervisor([[steady, frail]], lambda *_: None) as running:
        assert steady.process
        assert frail.process
        kept, first = steady.process.pid, frail.process.pid
        os.kill(first, signal.SIGKILL)
        running.watch(
            until=lambda: frail.process is not None and frail.process.pid != first and frail.is_ready.is_set(),
            every=0.01,
        )
        assert steady.process.pid == kept


def test_a_process_that_does_not_start_says_why_and_takes_the_rest_down() -> None:
    good = Child("good", python(STAYS), ready_line="^ready$")
    bad = Child("bad", python("print('no such table'); raise SystemExit(3)"), ready_line="^ready$")
    with pytest.raises(NotReady, match="no such table"), Supervisor([[good], [bad]], lambda *_: None):
        pass
    assert good.process is not None
    assert good.process.poll() is not None


def test_a_step_that_fails_stops_the_start() -> None:
    with (
        pytest.raises(NotReady, match="migrate did not start"),
        Supervisor([[Child("migrate", python("raise SystemExit(1)"), once=True)]], lambda *_: None),
    ):
        pass


def test_who_ignores_sigterm_is_killed() -> None:
    deaf = Child(
        "deaf",
        python(DEAF),
        ready_line="^ready$",
        stop_within=0.2,
    )
    with Supervisor([[deaf]], lambda *_: None):
        pass
    assert deaf.process is not None
    assert deaf.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals exist on Linux only")
def test_reliability_54_killing_the_supervisor_leaves_no_orphan() -> None:
    code = (
        "import sys\nfrom webhooks.commands.supervisor import Child, Supervisor\n"
        f"stays = {STAYS!r}\n"
        "children = [Child(str(n), [sys.executable, '-c', stays], ready_line='^ready$') for n in range(3)]\n"
        "with Supervisor([children], lambda *_: None) as running:\n"
        "    print(*[child.process.pid for child in children], flush=True)\n"
        "    running.watch()\n"
    )
    supervisor = subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert supervisor.stdout is not None
    pids = [int(pid) for pid in supervisor.stdout.readline().split()]
    assert len(pids) == 3
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not any(alive(pid) for pid in pids), within=5)
