"""How long after the kill switch's commit the carrier still gets a `POST Calls`, while every worker dials as fast as it may."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlmodel import Session

from campaign.database import Database
from campaign.records import Halt
from tests.journeys.stack import TOKEN, Stack

PER_SECOND = 15
STEADY_S, AFTER_S = 6.0, 6.0


@dataclass(frozen=True, slots=True)
class Pulled:
    before_per_s: float
    """Calls a second until then."""
    last_ms: float
    """From the brake's own time, which is just before its commit, to the last POST; negative when none came after."""
    after: int
    """POSTs after that time."""


def by_cli(stack: Stack) -> None:
    stack.firstring("halt", "--reason", "bench")


def by_console(stack: Stack) -> None:
    with httpx.Client(base_url=stack.urls["web"], timeout=20, follow_redirects=True) as browser:
        browser.post("/console/sign-in", data={"token": TOKEN, "next": "/console"})
        page = browser.get("/console/operations").text
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        browser.post("/console/operations/halt", data={"form_token": token, "scope": "account"}).raise_for_status()


SWITCHES: dict[str, Callable[[Stack], None]] = {"`firstring halt`": by_cli, "the console's button": by_console}


def pulls(stack: Stack, database: Database, pull: Callable[[Stack], None], run: int) -> Pulled:
    """One pull of the switch in a steady stream of leads, released again afterwards."""
    over = threading.Event()
    stream = threading.Thread(target=_stream, args=(stack, run, over))
    stream.start()
    time.sleep(STEADY_S)
    pull(stack)
    with Session(database.engine) as session:
        pulled_at = session.get_one(Halt, "account").at.timestamp() - stack.offset
    time.sleep(AFTER_S)
    over.set()
    stream.join()
    times = [post["at"] for post in stack.seen("twilio", "calls")["post_log"]]
    after = [at for at in times if at > pulled_at]
    steady = [at for at in times if pulled_at - STEADY_S / 2 < at <= pulled_at]
    stack.firstring("resume")
    return Pulled(len(steady) / (STEADY_S / 2), 1000 * (max(times) - pulled_at), len(after))


def _stream(stack: Stack, run: int, over: threading.Event) -> None:
    number = 0
    while not over.wait(1 / PER_SECOND):
        to = f"+1646{300 + run}{number:04d}"
        stack.script(to, "busy")
        stack.submit(to)
        number += 1
