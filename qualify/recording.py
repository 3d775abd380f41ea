"""The states of a call's recording, and the order to the carrier that each step takes. Pure; `recorder` says when."""

from dataclasses import dataclass
from enum import Enum

from qualify.commands import DiscardRecording, PauseRecording, ResumeRecording, StartRecording, ToRecorder


class Stage(Enum):
    OFF = "off"
    ON = "on"
    PAUSED = "paused"
    GONE = "gone"
    """refused or withdrawn, for the whole call"""


class Move(Enum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    WITHDRAW = "withdraw"


TABLE: dict[tuple[Stage, Move], tuple[Stage, ToRecorder | None]] = {
    (Stage.OFF, Move.START): (Stage.ON, StartRecording()),
    (Stage.ON, Move.PAUSE): (Stage.PAUSED, PauseRecording()),
    (Stage.PAUSED, Move.RESUME): (Stage.ON, ResumeRecording()),
    (Stage.OFF, Move.WITHDRAW): (Stage.GONE, None),
    (Stage.ON, Move.WITHDRAW): (Stage.GONE, DiscardRecording()),
    (Stage.PAUSED, Move.WITHDRAW): (Stage.GONE, DiscardRecording()),
}
"""Moves not listed change nothing."""


@dataclass(slots=True)
class Recording:
    stage: Stage = Stage.OFF
    agreed: bool | None = None
    """The person's answer to being recorded, where it is asked for first."""
    resume_at: float | None = None
    """When a pause ends by itself; None while not paused, or until the next notice."""

    def move(self, move: Move) -> ToRecorder | None:
        """Take a step; the order it means, if any."""
        self.stage, order = TABLE.get((self.stage, move), (self.stage, None))
        if move is not Move.PAUSE:
            self.resume_at = None
        return order
