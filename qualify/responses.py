"""The response slot: at most one response of the model at a time, and at most one wish for the next.

States and what moves them stand in one table. A wish made while the slot is taken waits and is merged into one; responses
that must not be heard any more are remembered until they end. (realtime.md rules 21-23, 27, 29, 35-40, 66)
"""

from dataclasses import dataclass, field
from enum import Enum


class Slot(Enum):
    FREE = "free"
    REQUESTED = "requested"
    ACTIVE = "active"


class Move(Enum):
    ASKED = "asked"
    STARTED = "started"
    ENDED = "ended"
    REFUSED = "refused"
    RESET = "reset"


TABLE: dict[tuple[Slot, Move], Slot] = {
    (Slot.FREE, Move.ASKED): Slot.REQUESTED,
    (Slot.FREE, Move.STARTED): Slot.ACTIVE,  # the model began by itself (VAD)
    (Slot.REQUESTED, Move.STARTED): Slot.ACTIVE,  # ours, or VAD won the race
    (Slot.REQUESTED, Move.REFUSED): Slot.FREE,
    (Slot.REQUESTED, Move.ENDED): Slot.FREE,  # `response.done` without `response.created`
    (Slot.ACTIVE, Move.ENDED): Slot.FREE,
    (Slot.REQUESTED, Move.RESET): Slot.FREE,
    (Slot.ACTIVE, Move.RESET): Slot.FREE,
}
"""Moves not listed leave the slot as it is."""


@dataclass(slots=True)
class Wish:
    """A response that is wanted. `covers`: tool outputs it exists for, so that another response can serve it as well.

    `must`: wanted even if the model meanwhile answers the person by itself (a farewell; not a nudge).
    """

    instructions: str = ""
    covers: frozenset[str] = frozenset()
    must: bool = False

    def served(self, acknowledged: frozenset[str]) -> bool:
        """Whether a response the model began by itself, knowing these outputs, makes this one needless."""
        return not self.must and self.covers <= acknowledged


@dataclass(slots=True)
class Responses:
    slot: Slot = Slot.FREE
    active: str = ""
    request: str = ""
    requested_at: float = 0.0
    wish: Wish | None = None
    asked_for: Wish | None = None
    """What the outstanding request is for, until its response has ended or another one has served it."""
    acknowledged: frozenset[str] = frozenset()
    """Tool outputs the model had when the active response began."""
    echoes: bool = False
    """Whether this model returns our request ids; until seen, a start without an id is taken for ours."""
    discarded: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    """Requests we gave up on; if one starts after all it is cancelled."""

    def want(self, wish: Wish) -> None:
        if self.wish is None:
            self.wish = wish
            return
        old = self.wish
        self.wish = Wish(wish.instructions or old.instructions, old.covers | wish.covers, old.must or wish.must)

    def next_request(self, event_id: str, now: float) -> Wish | None:
        """The wish to send now, if the slot is free; the request is then outstanding."""
        if self.slot is not Slot.FREE or self.wish is None:
            return None
        self._move(Move.ASKED)
        self.request, self.requested_at = event_id, now
        self.asked_for, self.wish = self.wish, None
        return self.asked_for

    def started(self, response_id: str, request_id: str, acknowledged: frozenset[str]) -> bool:
        """A response began. False when it was given up before and must be cancelled. `acknowledged`: outputs the model has."""
        if self._was_abandoned(request_id):
            self.discarded.add(response_id)
            if self.slot is not Slot.ACTIVE:
                self._keep_unless_served()
                self._move(Move.STARTED)
                self.active = response_id
            return False
        self.echoes = self.echoes or bool(request_id and request_id == self.request)
        ours = self.slot is Slot.REQUESTED and (request_id == self.request or not (request_id or self.echoes))
        self._move(Move.STARTED)
        self.active, self.acknowledged = response_id, acknowledged
        if not ours:
            self._keep_unless_served()
        if self.wish is not None and self.wish.served(acknowledged):
            self.wish = None
        return True

    def ended(self, response_id: str) -> bool:
        """A response ended. True when it was the one in the slot."""
        self.discarded.discard(response_id)
        if self.slot is Slot.ACTIVE and response_id != self.active:
            return False
        if self.slot is Slot.FREE:
            return False
        self._move(Move.ENDED)
        self.active, self.asked_for = "", None
        return True

    def refused(self, event_id: str, *, busy: bool) -> bool:
        """Our request came back as an error. A busy slot keeps the wish for later, unless the busy response serves it."""
        if self.slot is Slot.FREE or self.asked_for is None or event_id not in ("", self.request):
            return False
        if busy:
            self._keep_unless_served()
        self.asked_for = None
        self._move(Move.REFUSED)
        return True

    def give_up(self) -> None:
        """No answer to our request: free the slot and mute it should it start later."""
        self.abandoned.add(self.request)
        self._move(Move.REFUSED)

    def withdraw(self) -> str | None:
        """The person interrupts. Returns the response to cancel now; one only asked for is cancelled when it starts."""
        if self.slot is Slot.REQUESTED:
            self.abandoned.add(self.request)
            self.asked_for = None
        if not self.active or self.active in self.discarded:
            return None
        self.discarded.add(self.active)
        return self.active

    def discard(self, response_id: str) -> None:
        self.discarded.add(response_id)

    def reset(self) -> None:
        """The model's session is gone, and with it everything that was asked of it."""
        self._move(Move.RESET)
        self.active = self.request = ""
        self.wish = self.asked_for = None
        self.discarded.clear()
        self.abandoned.clear()

    @property
    def busy(self) -> bool:
        return self.slot is not Slot.FREE

    def _was_abandoned(self, request_id: str) -> bool:
        """Whether a response that starts is one we no longer want; a model that returns no ids means the outstanding one."""
        name = request_id or ("" if self.echoes or self.slot is not Slot.REQUESTED else self.request)
        known = name in self.abandoned
        self.abandoned.discard(name)
        return known

    def _keep_unless_served(self) -> None:
        if self.asked_for is not None and not (self.slot is Slot.ACTIVE and self.asked_for.served(self.acknowledged)):
            self.want(self.asked_for)
        self.asked_for = None

    def _move(self, move: Move) -> None:
        self.slot = TABLE.get((self.slot, move), self.slot)
