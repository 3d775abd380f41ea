"""`python -m tests.chaos`: long fault runs; exit status 0 if no promise was broken."""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.run import storm
from tests.conftest import _execute, _postgres_url, _run_postgres


@contextmanager
def postgres_urls() -> Iterator[Iterator[str]]:
    """Empty databases of a server that lives as long as this block."""

    def fresh(folder: str) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            _execute(f"host={folder} user=firstring", f"CREATE DATABASE storm{number} TEMPLATE template0")
            yield _postgres_url(folder, f"storm{number}")

    with (
        tempfile.TemporaryDirectory(prefix="firstring-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        contextmanager(_run_postgres)(Path(folder)) as running,
    ):
        yield fresh(running)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rate", type=float, default=2.0, help="leads per second")
    given = parser.parse_args()
    broken: list[str] = []

    def one(seed: int, url: str | None) -> None:
        found = storm(seed, given.seconds, url, print, leads_per_second=given.rate)
        print("\n".join(f"  BROKEN {fault}" for fault in found) or "  every promise kept", flush=True)
        broken.extend(found)

    if given.database == "sqlite":
        for run in range(given.runs):
            one(given.seed + run, None)
    else:
        with postgres_urls() as urls:
            for run, url in zip(range(given.runs), urls, strict=False):
                one(given.seed + run, url)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
