"""What a caller can do on the phone. A telephone carries these out in order, at once."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Say:
    """Speech to send, μ-law in whole 20 ms frames, played from now on at 8000 bytes a second."""

    mulaw: bytes = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class StopTalking:
    """Drop what has not been sent of the speech begun before."""


@dataclass(frozen=True, slots=True)
class Press:
    digit: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Action = Say | StopTalking | Press | HangUp
