"""One clock for all answered telephones: every 20 ms of real time each gets exactly one tick, late ones are made up."""

from __future__ import annotations

import asyncio
import logging

from sandbox.twilio.leg import Leg

TICK_S = 0.02
WORST_LAG_S = 5.0  # beyond this the machine slept: go on from now
log = logging.getLogger("sandbox.twilio")


class Metronome:
    def __init__(self) -> None:
        self._legs: set[Leg] = set()
        self._wanted = asyncio.Event()

    def add(self, leg: Leg) -> None:
        self._legs.add(leg)
        self._wanted.set()

    def remove(self, leg: Leg) -> None:
        self._legs.discard(leg)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._legs:
                self._wanted.clear()
                await self._wanted.wait()
                due = loop.time()
            due += TICK_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            if loop.time() - due > WORST_LAG_S:
                due = loop.time()
            for leg in tuple(self._legs):
                self._tick(leg)

    def _tick(self, leg: Leg) -> None:
        try:
            leg.tick()
        except Exception:
            log.exception("a simulated telephone broke and was hung up")
            leg.over.set()  # not hang_up: what broke may break again there
