"""`python -m tests.bench.media.soak --calls 100 --minutes 30`: calls that talk, for long; memory must not grow with time."""

import argparse
import statistics
import sys
import threading
import time

from tests.bench.media import stage
from tests.bench.media.callers import resident_kb
from tests.bench.media.stage import Point, Product


def watch(pid: int, every: float, seen: list[tuple[float, int]], over: threading.Event) -> None:
    began = time.monotonic()
    while not over.wait(every):
        seen.append((time.monotonic() - began, resident_kb(pid)))
        print(f"{seen[-1][0]:6.0f} s  {seen[-1][1] / 1024:.1f} MB", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--model", choices=("picows", "websockets"), default="websockets")
    given = parser.parse_args()
    seen: list[tuple[float, int]] = []
    over = threading.Event()
    plain = stage.callers

    def watched(bridge_pid: int, point: Point, whom: object) -> object:
        every = max(1.0, given.minutes * 60 / 60)
        threading.Thread(target=watch, args=(bridge_pid, every, seen, over), daemon=True).start()
        return plain(bridge_pid, point, whom)  # type: ignore[arg-type]

    stage.callers = watched  # type: ignore[assignment]
    limits = (("MEDIA_MAX_BUSY", "1"),)
    found = stage.measure(
        Product(given.model, limits=limits), Point(given.calls, mode="talk", warm=8, seconds=given.minutes * 60)
    )
    over.set()
    settled = [kb for at, kb in seen if at > 60 and kb > found["idle_kb"] + found["kb_per_call"] * given.calls / 2]
    third = max(1, len(settled) // 3)
    first, last = statistics.median(settled[:third]), statistics.median(settled[-third:])
    print(
        f"{given.calls} calls, {given.minutes:.0f} min: {first / 1024:.1f} MB early, {last / 1024:.1f} MB late,",
        end=" ",
    )
    print(
        f"{(last - first) / given.calls:+.1f} kB a call; {found['kb_per_call']:.0f} kB a call; dropped {found['dropped']}"
    )


if __name__ == "__main__":
    main()
