"""`python -m tests.chaos`: long fault runs; exit status 0 if no promise was broken.

First hundreds of simulated hours (`sim.py`: real databases and Redis, a turned clock, jobs abandoned at any step), then storms
over real processes (`storm.py`: kill -9 of each process type, of PostgreSQL, and of Redis' memory).
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager

import redis
import structlog
from sqlmodel import SQLModel

from tests import postgres
from tests.chaos.run import storm
from tests.chaos.sim import Mortal, simulate
from tests.conftest import _run_valkey


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent


def simulated(database_url: str, redis_url: str, first_seed: int, runs: int) -> list[str]:
    """So many hours on one database; each broken promise with the seed that shows it."""
    structlog.configure(processors=[_drop])
    database, done, broken = Mortal(database_url), Counter[str](), list[str]()
    SQLModel.metadata.create_all(database.engine)
    began = time.monotonic()
    with redis.Redis.from_url(redis_url) as client:
        for seed in range(first_seed, first_seed + runs):
            faults, world = simulate(database, client, seed)
            broken += [f"seed {seed}: {fault}" for fault in faults]
            done.update(world.done)
            done.update({f"POST {what}": count for what, count in world.exchange.done.items()})
            done.update(leads=len(set(world.accepted.values())), calls=len(world.exchange.calls))
    told = ", ".join(f"{what} ×{count}" for what, count in sorted(done.items()))
    kind = database.engine.dialect.name
    print(f"{kind}: {runs} runs from seed {first_seed} in {time.monotonic() - began:.0f} s; {told}", flush=True)
    database.dispose()
    structlog.reset_defaults()
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--simulated", type=int, default=100, help="simulated runs on each database")
    parser.add_argument("--runs", type=int, default=1, help="storms over processes on each database")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rate", type=float, default=2.0, help="leads per second")
    given = parser.parse_args()
    with postgres.running() as server, tempfile.TemporaryDirectory(prefix="firstring-chaos-") as folder:
        wanted = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
        broken: list[str] = []
        with contextmanager(_run_valkey)() as redis_url:
            for name in wanted if given.simulated else ():
                where = f"sqlite:///{folder}/sim.db" if name == "sqlite" else server.fresh()
                broken += simulated(where, redis_url, given.seed, given.simulated)
        for name in wanted:
            for run in range(given.runs):
                on = None if name == "sqlite" else server
                broken += storm(given.seed + run, given.seconds, on, print, leads_per_second=given.rate)
    print("\n".join(f"BROKEN {fault}" for fault in broken) or "every promise kept", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
