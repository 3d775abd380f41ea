"""Every transition of an attempt, as one table; what each state means for the lead and for the next look at the truth.

A signed message, a REST answer and the reconciler all speak in `CARRIER` words and pass through `step`. States advance
by rank, terminal ones stick, and an attempt we could not account for may still be adopted by a late message (R33, R34).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dialer import table


class State(StrEnum):
    PLACING = "placing"
    UNKNOWN = "unknown"
    UNKNOWN_NO_CALL = "unknown_no_call"
    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"


CARRIER: dict[str, State] = {word: State(row.word) for word, row in table.rows("status").items()}
"""The carrier's words, of callbacks and of the Call resource alike; `initiated` exists in callbacks only (R39)."""

RANK: dict[State, int] = {
    State.PLACING: 0,
    State.UNKNOWN: 0,
    State.UNKNOWN_NO_CALL: 0,
    State.QUEUED: 1,
    State.INITIATED: 2,
    State.RINGING: 3,
    State.IN_PROGRESS: 4,
    State.COMPLETED: 9,
    State.BUSY: 9,
    State.NO_ANSWER: 9,
    State.FAILED: 9,
    State.CANCELED: 9,
    State.REFUSED: 9,
}

TERMINAL = frozenset(state for state, rank in RANK.items() if rank == RANK[State.COMPLETED])
UNACCOUNTED = frozenset({State.PLACING, State.UNKNOWN, State.UNKNOWN_NO_CALL})
OVER = TERMINAL | {State.UNKNOWN_NO_CALL}
"""Nothing more is expected from the carrier; the attempt can be settled."""

# Moves that are not the carrier's: our own POST failing, and the reconciler giving up.
OURS: dict[State, frozenset[State]] = {
    State.UNKNOWN: frozenset({State.PLACING}),
    # A definite no proves that there is no call, even to whoever looked for one meanwhile and found none.
    State.REFUSED: frozenset({State.PLACING, State.UNKNOWN}),
    State.UNKNOWN_NO_CALL: frozenset({State.PLACING, State.UNKNOWN}),
}

LEAD: dict[State, str] = {
    State.PLACING: "dialing",
    State.UNKNOWN: "dialing",
    State.QUEUED: "dialing",
    State.INITIATED: "dialing",
    State.RINGING: "ringing",
    State.IN_PROGRESS: "in_call",
    State.COMPLETED: "wrapping_up",
    State.BUSY: "wrapping_up",
    State.NO_ANSWER: "wrapping_up",
    State.FAILED: "wrapping_up",
    State.CANCELED: "wrapping_up",
    State.REFUSED: "wrapping_up",
    State.UNKNOWN_NO_CALL: "wrapping_up",
}

# How long a state may last in silence before the truth is fetched from the carrier (R37). Ringing adds the ring time.
PATIENCE: dict[State, timedelta] = {
    State.PLACING: timedelta(seconds=12),
    State.UNKNOWN: timedelta(seconds=2),
    State.QUEUED: timedelta(seconds=30),
    State.INITIATED: timedelta(seconds=30),
    State.RINGING: timedelta(seconds=15),
    State.IN_PROGRESS: timedelta(seconds=60),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """The attempt is now in `state`."""

    state: State


@dataclass(frozen=True, slots=True)
class Stays:
    """The message is old news, or says nothing about the state; it is stored and has no effect."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A second, different ending: the first one stands, and somebody should know (R34)."""

    had: State
    told: State


def step(current: State, told: State) -> Moved | Stays | Contradiction:
    """What the word `told` does to an attempt in `current`."""
    if current in TERMINAL:
        differs = told in TERMINAL and told is not current
        return Contradiction(current, told) if differs else Stays()
    if told in OURS:
        return Moved(told) if current in OURS[told] else Stays()
    return Moved(told) if RANK[told] > RANK[current] else Stays()


# What a recording has come to, in Twilio's words and two of ours (`recording_status` of an attempt).
WITHDRAWN, DELETED = "withdrawn", "deleted"
RECORDED = frozenset({"completed", "absent", DELETED})
"""Final: no later callback changes it."""
UNRECORDED = frozenset({WITHDRAWN, DELETED})
"""The person took their consent back: nothing may be kept or played."""
