"""A dead or stalled model while the phone call lives: when to try again, when to cover, when to give up.

Attempts come at 0, 0.25, 0.75 and 2 s after the loss, then every 2 s until the limit; fatal refusals end it at once.
(realtime.md section 3)
"""

from dataclasses import dataclass
from enum import Enum
from math import inf

DELAYS = (0.0, 0.25, 0.75, 2.0)


class Stage(Enum):
    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    UP = "up"
    LOST = "lost"


class Standby(Enum):
    """A second line to the model, for a planned change."""

    NONE = "none"
    OPENING = "opening"
    READY = "ready"


@dataclass(slots=True)
class Recovery:
    stage: Stage = Stage.CONNECTING
    since: float = 0.0
    """When the present trouble began (the call's start, for the first connection)."""
    attempts: int = 0
    was_up: bool = False
    up_at: float = 0.0
    covered: bool = False
    rotate_at: float = inf
    """When the present session should be left for a new one, and when it must be."""
    cut_at: float = inf
    standby: Standby = Standby.NONE
    owed: bool = True
    """The rebuilt session is to speak by itself."""

    @property
    def up(self) -> bool:
        return self.stage is Stage.UP

    def lost(self, now: float) -> None:
        if self.stage is Stage.UP:
            self.since, self.attempts, self.covered, self.owed = now, 0, False, True
        self.stage = Stage.LOST

    def rotate(self, now: float, *, owed: bool) -> bool:
        """Leave the session by our own wish. True when the second line is there to be used."""
        ready = self.standby is Standby.READY
        self.since, self.attempts, self.covered, self.owed = now, 1, False, owed
        self.stage, self.standby = Stage.CONNECTING, Standby.NONE
        return ready

    def next_delay(self, now: float) -> float:
        """Seconds from now until the next attempt."""
        due = self.since + (DELAYS[self.attempts] if self.attempts < len(DELAYS) else DELAYS[-1] * self.attempts)
        self.attempts += 1
        self.stage = Stage.CONNECTING
        return max(0.0, due - now)

    def opened(self) -> None:
        self.stage = Stage.CONFIGURING

    def configured(self, now: float) -> None:
        self.stage, self.was_up, self.up_at = Stage.UP, True, now
