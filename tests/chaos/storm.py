"""Leads stream in while processes are killed, Redis is emptied, the database goes away and the carrier lies. One random
generator decides all of it.

A sender does what senders do: it repeats a post that was not answered with 202, word for word, until it was.
"""

import math
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import redis

from tests.chaos.outages import Outage
from tests.journeys.stack import CAMPAIGN, Stack

PROCESSES = ("web", "media", "worker", "worker child", "worker child", "errands", "beat", "redis")
OUTAGES_S = (1.0, 3.0, 8.0, 22.0)
"""The last is longer than a writer waits for SQLite's file."""
AREAS = ("212", "646", "917", "718", "347", "929", "332")
QUICK: tuple[tuple[str, list[dict[str, Any]]], ...] = (
    ("busy", []),
    ("no_answer", []),
    ("failed", []),
    ("human", [{"at_ms": 1200, "hang_up": True}]),
    ("human", [{"at_ms": 300, "say": "Hello?"}, {"at_ms": 4000, "hang_up": True}]),
)
LIES: tuple[dict[str, Any], ...] = (
    {"201_lost": 1},
    {"500_after_create": 1},
    {"500_before_create": 1},
    {"429_n": 2},
    {"html_502": 1},
    {"callbacks_duplicate": 2, "callbacks_gap_ms": 50},
    {"callbacks_reorder": True},
    {"callbacks_drop": ["initiated", "ringing", "answered"]},
    {"callbacks_drop": ["completed"]},
    {"callbacks_before_201": True},
    {"callbacks_duplicate": None, "callbacks_reorder": None, "callbacks_drop": None, "callbacks_before_201": None},
)
CALM = {"callbacks_duplicate": None, "callbacks_reorder": None, "callbacks_drop": None, "callbacks_before_201": None}
STORM_CAMPAIGN = CAMPAIGN.replace("busy: {after_minutes: []}", "busy: {after_minutes: [0.05]}").replace(
    "no_answer: {after_minutes: []}", "no_answer: {after_minutes: [0.05]}"
)


@dataclass
class Log:
    """What the storm did."""

    accepted: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)


class Storm:
    def __init__(self, stack: Stack, outage: Outage, seed: int, *, leads_per_second: float, talkers: int) -> None:
        self.stack, self.outage, self.log = stack, outage, Log()
        self._back_at: float | None = None
        self.random = random.Random(seed)
        self.pause, self.talkers = 1 / leads_per_second, talkers
        self.people = self._people()

    def blow(self, seconds: float) -> Log:
        """Runs for `seconds`, then lets the wind fall; every post is answered by then. Once at least the database goes."""
        end = time.monotonic() + seconds
        senders: list[threading.Thread] = []
        next_strike = time.monotonic() + 2
        while time.monotonic() < end:
            lead = self._next_lead(len(senders))
            senders.append(threading.Thread(target=self._send, args=(lead, end + 120), daemon=True))
            senders[-1].start()
            if time.monotonic() >= next_strike:
                self._strike()
                next_strike = time.monotonic() + self.random.uniform(1, 3)
            if time.monotonic() >= end - seconds / 2 and not self.log.done["database gone"]:
                self._take_database()
            self._bring_back(time.monotonic())
            time.sleep(self.pause)
        self.stack.break_("twilio", **CALM)
        self._bring_back(math.inf)
        for sender in senders:
            sender.join(150)
        return self.log

    def _people(self) -> list[str]:
        """Numbers nobody's fate is fixed for by a persona that talks: their scripts are spelled out before the call."""
        numbers = [
            f"+1{area}555{last:04d}" for area in AREAS for last in range(100, 200) if last not in (100, 142, 143)
        ]
        self.random.shuffle(numbers)
        return numbers

    def _next_lead(self, index: int) -> dict[str, Any]:
        number = self.people[index % len(self.people)]
        if index and self.random.random() < 0.08:
            number = self.people[(index - 1) % len(self.people)]  # the same person, another form, at the same time
        elif self.talkers and index % 6 == 0:
            self.talkers -= 1
            ending = self.random.choice(("03", "03", "09", "11", "01"))
            number = f"+1{AREAS[index // 6 % len(AREAS)]}55501{ending}"
            self.log.done["talker"] += 1
            return {"phone": number, "external_id": f"storm-{index}"}
        answer, steps = self.random.choice(QUICK)
        self.stack.script(number, answer, steps, ring_s=self.random.uniform(0.05, 1.0))
        return {"phone": number, "external_id": f"storm-{index}"}

    def _send(self, lead: dict[str, Any], deadline: float) -> None:
        """Repeat until 202, like a sender with a retry queue."""
        while time.monotonic() < deadline:
            try:
                answer = self.stack.submit(**lead)
            except (httpx.TransportError, ValueError):
                answer = {"http": 0}
            if answer["http"] == 202:
                self.log.accepted.append(answer["lead_id"])
                return
            self.log.done["repeated post"] += 1
            time.sleep(0.3)
        self.log.done["never accepted"] += 1

    def _strike(self) -> None:
        if self.random.random() < 0.6:
            victim = self.random.choice(PROCESSES)
            self.stack.kill(victim)
            self.log.done[f"kill -9 {victim}"] += 1
        elif self.random.random() < 0.25:
            self._forget_all()
        elif self._back_at is None and self.random.random() < 0.3:
            self._take_database()
        else:
            lie = self.random.choice(LIES)
            self.stack.break_("twilio", **lie)
            self.log.done[f"twilio {next(iter(lie))}"] += 1

    def _take_database(self) -> None:
        self.outage.begin()
        self._back_at = time.monotonic() + self.random.choice(OUTAGES_S)
        self.log.done["database gone"] += 1

    def _bring_back(self, now: float) -> None:
        """From this thread, not from one of its own: a server ends with the thread that started it."""
        if self._back_at is not None and now >= self._back_at:
            self.outage.end()
            self._back_at = None

    def _forget_all(self) -> None:
        socket = self.stack.folder / "var" / "redis" / "redis.sock"
        try:
            with redis.Redis(unix_socket_path=str(socket), socket_timeout=2) as client:
                client.flushall()
            self.log.done["FLUSHALL"] += 1
        except redis.RedisError:  # it is just being started again
            self.log.done["FLUSHALL missed"] += 1
