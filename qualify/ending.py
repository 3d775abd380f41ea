"""How a call comes to its end: an intent, a farewell, a terminal mark behind it, its echo, and only then the hang-up.

The person may take the talk up again before the mark comes back, unless the ending is final (opt-out, machine, limits).
(realtime.md rules 55, 56; twilio.md R69)
"""

from dataclasses import dataclass
from enum import Enum

FINAL = frozenset(
    {"opted_out", "voicemail", "machine", "screening", "wrong_number", "failed", "unreachable", "limit", "transferred"}
)
"""Endings that speech does not call back."""
MARGIN = 2.0
"""Seconds past the unheard audio that a terminal mark may take."""
TAKEOVER = 15.0
"""Seconds the carrier gets to take the call over; then we hang up."""


class Stage(Enum):
    TALKING = "talking"
    FAREWELL = "farewell"
    """an ending is decided, the goodbye is not yet generated"""
    DRAINING = "draining"
    """goodbye sent, waiting for it to be heard"""
    STEPPING_ASIDE = "stepping_aside"
    """the carrier is to take the call over (a colleague, a voicemail message), which ends our stream"""
    HANGING_UP = "hanging_up"
    OVER = "over"


PARTING = (Stage.STEPPING_ASIDE, Stage.HANGING_UP, Stage.OVER)
"""Made once: looking an enum's member up takes Python 3.11 an eighth of a microsecond."""


@dataclass(slots=True)
class Ending:
    stage: Stage = Stage.TALKING
    reason: str = ""
    by: str = ""
    """`agent`, `caller`, `system` or `carrier`."""
    intent_at: float = 0.0
    deadline: float | None = None
    mark: str = ""
    suspended: str = ""
    """The reason of an ending the person interrupted; a mere goodbye of theirs takes it up again."""
    spoke: bool = False
    """Farewell audio has come since the intent."""
    tries: int = 0

    @property
    def decided(self) -> bool:
        return self.stage is not Stage.TALKING

    @property
    def final(self) -> bool:
        return self.decided and self.reason in FINAL

    @property
    def parting(self) -> bool:
        """Nothing is said or heard any more."""
        return self.stage in PARTING

    def decide(self, reason: str, by: str, now: float, within: float) -> None:
        self.stage, self.reason, self.by, self.intent_at = Stage.FAREWELL, reason, by, now
        self.deadline, self.suspended, self.spoke = now + within, "", False

    def drain(self, mark: str, now: float, unheard_ms: int) -> None:
        self.stage, self.mark = Stage.DRAINING, mark
        self.deadline = now + unheard_ms / 1000 + MARGIN

    def suspend(self) -> None:
        """The person spoke before the goodbye was heard."""
        self.suspended, self.reason = self.reason, ""
        self.stage, self.deadline, self.mark = Stage.TALKING, None, ""

    def step_aside(self, now: float) -> None:
        self.stage, self.deadline = Stage.STEPPING_ASIDE, now + TAKEOVER

    def hang_up(self, now: float) -> None:
        self.stage, self.deadline = Stage.HANGING_UP, now + 5.0

    def over(self) -> None:
        self.stage, self.deadline = Stage.OVER, None
