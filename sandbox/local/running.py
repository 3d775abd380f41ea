"""A sandbox server as a child process, ready when the block begins and gone when it ends."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def running(name: str, *flags: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start `python -m sandbox.<name> --port 0 …` and yield its address."""
    command = [sys.executable, "-m", f"sandbox.{name}", "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)  # noqa: S603 - our own module
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"sandbox.{name} ended before it was ready (code {process.wait()})")
        yield line.split()[1]
    finally:
        process.terminate()
        process.communicate(timeout=5)
