"""How every one of these servers starts, refuses and ends."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.local.running import running

NAMES = ("google", "hubspot", "crm_sink")


def module(name: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", f"sandbox.{name}", *flags]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_ready_and_who_it_is(name: str) -> None:
    with running(name) as url:
        answer = httpx.get(f"{url}/_sandbox/health", trust_env=False)
        assert answer.json() == {"name": name, "simulated": True}


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_even_with_a_request_stalled(ending: signal.Signals) -> None:
    with subprocess.Popen(module("crm_sink", "--port", "0"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        httpx.post(f"{url}/_sandbox/faults", json={"stall": {"seconds": 60}}, trust_env=False).raise_for_status()
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/hook", timeout=0.2, trust_env=False)
        process.send_signal(ending)
        process.wait(timeout=5)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_only_loopback_is_served(host: str) -> None:
    ended = subprocess.run(module("hubspot", "--host", host), capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode != 0
    assert "loopback" in ended.stderr


def test_a_running_google_makes_credentials_for_a_second_command(tmp_path: Path) -> None:
    with running("google") as url:
        file, port = tmp_path / "late.json", url.rsplit(":", 1)[1]
        subprocess.run(module("google", "--port", port, "--write-credentials", str(file)), timeout=30, check=True)
        assert json.loads(file.read_text(encoding="utf-8"))["token_uri"] == f"{url}/token"
        assert file.stat().st_mode & 0o077 == 0
