"""One storm from start to verdict, on SQLite or PostgreSQL."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from campaign.database import Database
from tests.chaos import verdict
from tests.chaos.outages import Killed, Locked
from tests.chaos.storm import STORM_CAMPAIGN, Storm
from tests.journeys.stack import Stack, strays
from tests.postgres import Postgres

PATIENCE = 260.0
"""An attempt nobody can account for is looked for during two minutes; a lost ending after one."""


def storm(
    seed: int, seconds: float, server: Postgres | None, say: Callable[[str], None], *, leads_per_second: float = 2.0
) -> list[str]:
    """The broken promises; none is what we want. On a database of `server`, or on SQLite."""
    url = server.fresh() if server else None
    with Stack(campaign=STORM_CAMPAIGN, database_url=url) as stack:
        file = stack.folder / "var" / "firstring.db"
        outage = Killed(server) if server else Locked(file)
        blowing = Storm(stack, outage, seed, leads_per_second=leads_per_second, talkers=max(2, int(seconds / 10)))
        log = blowing.blow(seconds)
        database = Database(url or f"sqlite:///{file}")
        try:
            broken, calm_after = _settle(stack, database, log.accepted)
            broken += [] if broken else list(verdict.faults(stack, database))
            broken += [f"{log.done['never accepted']} leads were never accepted"] if log.done["never accepted"] else []
        finally:
            database.dispose()
        if broken:
            say(stack.tail(60))
        told = ", ".join(f"{what} ×{count}" for what, count in sorted(log.done.items()))
        calls = len(stack.calls())
        say(f"seed {seed}: {len(log.accepted)} leads, {calls} calls, at rest {calm_after:.0f} s after; {told}")
        tag = stack.tag
    return broken + [f"left behind: {words}" for words in strays(tag)]


def _settle(stack: Stack, database: Database, accepted: list[str]) -> tuple[list[str], float]:
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        now = datetime.now(UTC) + timedelta(seconds=stack.offset)
        moving = verdict.unrest(database, accepted, now)
        if not moving and not stack.seen("twilio", "calls")["alive"]:
            return [], time.monotonic() - began
        time.sleep(1)
    return [f"never came to rest: {what}" for what in moving] or ["a call stays alive"], PATIENCE
