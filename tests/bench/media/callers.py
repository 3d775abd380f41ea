"""Many callers at once, in one process: `python -m tests.bench.media.callers --url … --calls N`. Prints one JSON document.

They ring at a fixed rate, are silent until all are in, and are measured in a window. Frames leave in 20 slots of a millisecond,
each caller in the same slot of every 20 ms.
"""

import argparse
import asyncio
import base64
import gc
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import uvloop
from picows import WSHandshakeError, ws_connect

from tests.bench.media import frames
from tests.bench.media.caller import Barging, Beats, Caller

SLOTS = 20
SETTLES_S, GRACE_S = 1.5, 1.5
TICKS = os.sysconf("SC_CLK_TCK")
now = time.perf_counter


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


class Crowd:
    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.seeds = json.loads(Path(given.seeds).read_text()) if given.seeds else []
        self.slots: list[list[Caller]] = [[] for _ in range(SLOTS)]
        self.refused: dict[str, int] = {}
        self.late_ms = 0.0
        self.stopping = False

    @property
    def callers(self) -> list[Caller]:
        return [caller for slot in self.slots for caller in slot]

    async def ring(self, number: int) -> None:
        seed = self.seeds[number] if self.seeds else None
        url = seed["media_url"] if seed else self.given.url
        digest = hmac.new(self.given.auth_token.encode(), url.encode(), hashlib.sha1).digest()
        caller = Caller(number, seed)
        given = self.given
        try:
            headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
            await ws_connect(lambda: caller, url, extra_headers=headers, websocket_handshake_timeout=20)
        except (WSHandshakeError, OSError, TimeoutError) as error:
            response = getattr(error, "response", None)
            why = str(response.status.value) if response is not None else type(error).__name__
            self.refused[why] = self.refused.get(why, 0) + 1
            return
        self.slots[number % SLOTS].append(caller)
        if given.at_once:  # measured later, in the window all share
            caller.talk = Beats(number, now() + 1, float("inf"), float("inf"), given.join > 1)

    async def pace(self) -> None:
        """A slot every millisecond; what is late is sent at once, and noted."""
        due = now()
        while not self.stopping:
            for slot in self.slots:
                due += frames.SECONDS / SLOTS
                at = now()
                if at < due:
                    await asyncio.sleep(due - at)
                at = now()
                self.late_ms = max(self.late_ms, 1000 * (at - due))
                for caller in slot:
                    if caller.open:
                        caller.tick(at)

    async def run(self) -> dict[str, Any]:
        given = self.given
        idle_kb = resident_kb(given.bridge)
        gc.freeze()
        gc.disable()
        pacing = asyncio.create_task(self.pace())
        async with asyncio.TaskGroup() as ringing:
            for number in range(given.calls):
                ringing.create_task(self.ring(number))
                await asyncio.sleep(1 / given.rate)
        await asyncio.sleep(given.warm)
        begin = now()
        measure, end = begin + SETTLES_S, begin + SETTLES_S + given.seconds
        for caller in self.callers:
            spread = caller.number / given.calls
            if isinstance(caller.talk, Beats):
                caller.talk.measure, caller.talk.end = measure, end
            elif given.mode == "echo":
                caller.talk = Beats(caller.number, begin + spread, measure, end, given.join > 1)
            else:
                caller.talk = Barging(caller.number, begin + 2 * spread, end)
        await asyncio.sleep(measure - now())
        self.late_ms, used, mine = 0.0, cpu_seconds(given.bridge), cpu_seconds(os.getpid())
        await asyncio.sleep(end - now())
        live = [caller for caller in self.callers if caller.open]
        cost = (cpu_seconds(given.bridge) - used) / given.seconds
        harness = (cpu_seconds(os.getpid()) - mine) / given.seconds
        full_kb = resident_kb(given.bridge)
        await asyncio.sleep(GRACE_S)
        document = {
            "calls": given.calls,
            "live": len(live),
            "refused": self.refused,
            "dropped": sum(caller.ended_early for caller in self.callers),
            "cpu_ms": 1000 * cost / max(1, len(live)),
            "busy": cost,
            "harness_busy": harness,
            "late_ms": self.late_ms,
            "idle_kb": idle_kb,
            "kb_per_call": (full_kb - idle_kb) / max(1, len(live)),
            **self.account(),
        }
        self.stopping = True
        await pacing
        for caller in self.callers:
            caller.stop()
        await asyncio.sleep(0.3)
        return document

    def account(self) -> dict[str, Any]:
        talks = [caller.talk for caller in self.callers if caller.talk is not None]
        beats = [talk for talk in talks if isinstance(talk, Beats)]
        barges = [talk for talk in talks if isinstance(talk, Barging)]
        return {
            "sent": sum(len(talk.sent_at) for talk in beats),
            "lost": sum(talk.missing() for talk in beats),
            "repeated": sum(talk.repeated for talk in beats),
            "latency_ms": spread([1000 * value for talk in beats for value in talk.latencies]),
            "clear_ms": spread([1000 * took for talk in barges for took, _ in talk.clears]),
            "clears": [(talk.number, at) for talk in barges for _, at in talk.clears],
            "heard": [entry for talk in barges for entry in talk.heard],
            "missed": sum(talk.missed for talk in barges),
            "unanswered": sum(talk.unanswered for talk in barges),
            "stale_s": sum(talk.stale_s for talk in barges),
        }


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"n": 0}
    at = {name: ordered[min(len(ordered) - 1, int(q * len(ordered)))] for name, q in (("p50", 0.5), ("p99", 0.99))}
    return {"n": len(ordered), **at, "max": ordered[-1]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="")
    parser.add_argument("--seeds", default="", help="file of `firstring bench seed-calls`")
    parser.add_argument("--auth-token", default="bench")
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--mode", choices=("echo", "talk"), default="echo")
    parser.add_argument("--join", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--warm", type=float, default=2)
    parser.add_argument("--at-once", action="store_true", help="each speaks as soon as it is in")
    parser.add_argument("--rate", type=float, default=40)
    parser.add_argument("--bridge", type=int, required=True, help="process id")
    print(json.dumps(uvloop.run(Crowd(parser.parse_args()).run())))
