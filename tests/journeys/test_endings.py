"""However an installation ends, nothing of it stays behind; however a process of it dies, every lead still ends once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import die_with_parent
from tests.journeys.stack import FINAL, Stack, bare_environment, strays, until

pytestmark = pytest.mark.timeout(300)


def of_the_product(stack: Stack) -> list[str]:
    return [words for words in strays(stack.tag) if "sandbox." not in words]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_every_process_in_order(stack: Stack, how: signal.Signals) -> None:
    """reliability.md rule 58"""
    everyone = {"redis", "worker", "errands", "beat", "media", "web"}
    until(lambda: everyone <= set(stack.pids()), "every process runs")
    started = time.monotonic()
    assert stack.stop(how=how) == 0
    print(f"\n{how.name}: stopped in {time.monotonic() - started:.1f} s")
    assert of_the_product(stack) == []
    assert "stopped" in (stack.folder / "up.log").read_text()


def test_a_killed_supervisor_leaves_nothing_behind_and_a_new_one_goes_on(stack: Stack) -> None:
    """reliability.md rules 22 and 54"""
    number = "+19175550103"
    stack.script(number, "human", [{"at_ms": 300, "say": "Hello?"}, {"at_ms": 4000, "hang_up": True}], ring_s=14)
    lead_id = stack.submit(number)["lead_id"]
    until(lambda: stack.lead(lead_id)["status"] == "ringing", "the phone rings")
    stack.stop(how=signal.SIGKILL)
    until(lambda: of_the_product(stack) == [], "nothing of ours lives", 10)
    stack.up()
    story = stack.await_lead(lead_id, *FINAL, "scheduled")
    assert len(story["attempts"]) == len(story["outcomes"]) == 1
    (call,) = stack.calls(number)
    assert call["posts"] == 1
    assert stack.seen("twilio", "calls")["alive"] == 0


def test_whatever_process_is_killed_comes_back_and_every_lead_ends_once(stack: Stack) -> None:
    """reliability.md rules 15, 55 and 57"""
    numbers = [f"+1347555{last}" for last in range(1120, 1125)]
    ids = []
    for number, victim in zip(numbers, ("web", "media", "worker", "beat", "redis"), strict=True):
        stack.script(number, "human", [{"at_ms": 400, "say": "Hello?"}, {"at_ms": 3000, "hang_up": True}])
        ids.append(stack.submit(number)["lead_id"])
        before = stack.pids()[victim]
        stack.kill(victim)
        until(lambda pid=before, name=victim: stack.pids().get(name, pid) != pid, f"{victim} is started again", 30)
        until(stack.answers, "the web process answers", 30)
    for lead_id, number in zip(ids, numbers, strict=True):
        story = stack.await_lead(lead_id, *FINAL, "scheduled")
        (attempt,) = story["attempts"]
        # A worker that died between intent and POST leaves an attempt that may not be repeated today (docs/architecture.md).
        assert len(stack.calls(number)) == (0 if attempt["state"] == "unknown_no_call" else 1)
        assert story["attempts"][0]["settled_at"]
        assert len(story["outcomes"]) == 1


def test_the_demo_ends_as_its_scenario_says(tmp_path: Path) -> None:
    tag = f"demo-{os.getpid()}"
    ran = subprocess.run(
        [sys.executable, "-m", "webhooks.cli", "demo", "--once"],
        check=False, cwd=tmp_path, env={**bare_environment(tag), "PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True,
        text=True, timeout=280, preexec_fn=die_with_parent,
    )  # fmt: skip
    print(ran.stdout[-3000:], ran.stderr[-3000:])
    assert ran.returncode == 0
    report = (tmp_path / "var" / "demo" / "report.json").read_text()
    assert '"ok": true' in report
    assert strays(tag) == []
