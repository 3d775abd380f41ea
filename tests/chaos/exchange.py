"""A carrier in memory, on the storm's own clock: it places calls, rings people, tells late, twice, in the wrong order or not
at all, and loses the answer to a POST before or after it has made the call. It remembers every call for the verdict.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaign.errors import Permanent, Retryable
from dialer.carrier import CarrierCall, NotSent, Order, Placed, Placing, Refusal, Throttled, Unclear

ATTEMPT = re.compile(r"/twilio/(att_[0-9a-f]+)")
OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
Tell = Callable[["PhoneCall", str, int], bool]
"""One delivery of a status; True when it was answered with 2xx."""
At = Callable[[float, Callable[[], None]], None]
"""Do something so many seconds from now."""


@dataclass
class PhoneCall:
    sid: str
    attempt_id: str
    to: str
    from_: str
    born: datetime
    status: str = "queued"
    sequence: int = -1
    over_at: datetime | None = None
    visible_at: datetime | None = None
    talks: bool = False

    @property
    def alive(self) -> bool:
        return self.status not in OVER


@dataclass
class Exchange:
    chance: random.Random
    at: At
    now: Callable[[], datetime]
    tell: Tell
    answer: Callable[[PhoneCall], None]
    """The person has picked up."""
    calm: bool = False
    calls: list[PhoneCall] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    # What the product's own carrier does

    def place(self, order: Order) -> Placing:
        if not self.calm:
            match self.chance.random():
                case luck if luck < 0.06:
                    return self._noted("lost before create", Unclear("ReadTimeout"))
                case luck if luck < 0.14:
                    self._create(order, quiet=self.chance.random() < 0.3)
                    return self._noted("lost after create", Unclear("ReadTimeout"))
                case luck if luck < 0.18:
                    return self._noted("429", Throttled())
                case luck if luck < 0.21:
                    return self._noted("not sent", NotSent("ConnectTimeout"))
                case luck if luck < 0.22:
                    return self._noted("10004", Refusal(10004))
        return Placed(self._create(order).sid, 0)

    def find(self, to: str, from_: str) -> list[CarrierCall]:
        self._maybe_down()
        return [_seen(call) for call in self.calls if (call.to, call.from_) == (to, from_) and self._is_visible(call)]

    def fetch(self, sid: str) -> CarrierCall | None:
        self._maybe_down()
        return next((_seen(call) for call in self.calls if call.sid == sid and self._is_visible(call)), None)

    def end(self, sid: str) -> None:
        self._hang_up(sid, "completed", OVER)

    def cancel(self, sid: str) -> None:
        self._hang_up(sid, "canceled", OVER | {"in-progress"})

    def redirect(self, sid: str, twiml: str, time_limit: int | None = None) -> None:
        if not any(call.sid == sid and call.alive for call in self.calls):
            raise Permanent("over", code="call_over")

    # What happens at the other end

    def move(self, call: PhoneCall, status: str) -> None:
        """The call's next state, told as badly as the weather is."""
        if not call.alive or (status == "canceled" and call.status == "in-progress"):
            return
        call.status = status
        call.sequence += 1
        if status in OVER:
            call.over_at = self.now()
        sequence, copies = call.sequence, 1
        if not self.calm:
            copies = self.chance.choices((0, 1, 2, 3), (12, 70, 12, 6))[0]
        for _ in range(copies):
            self.at(
                0.01 if self.calm else self.chance.choice((0.01, 0.05, 0.5, 4.0, 30.0)),
                lambda: self._deliver(call, status, sequence, 3),
            )

    def _deliver(self, call: PhoneCall, status: str, sequence: int, tries: int) -> None:
        if not self.tell(call, status, sequence) and tries > 1:
            self.at(1.0, lambda: self._deliver(call, status, sequence, tries - 1))

    def _create(self, order: Order, *, quiet: bool = False) -> PhoneCall:
        match = ATTEMPT.search(order.base)
        assert match, order.base
        call = PhoneCall(f"CA{len(self.calls):032x}", match[1], order.to, order.from_, self.now())
        call.visible_at = self.now() + timedelta(seconds=0 if self.calm else self.chance.choice((0, 0, 3, 10)))
        self.calls.append(call)
        self.at(self.chance.choice((0.05, 0.3, 8.0 if quiet else 0.5)), lambda: self.move(call, "initiated"))
        self.at(9.0 if quiet else 1.0, lambda: self.move(call, "ringing"))
        fate = self.chance.choice(("busy", "no-answer", "failed", "in-progress", "in-progress"))
        self.at((10.0 if quiet else 2.0) + self.chance.random() * 4, lambda: self._picked(call, fate))
        return call

    def _picked(self, call: PhoneCall, fate: str) -> None:
        if not call.alive:
            return
        self.move(call, fate)
        if fate == "in-progress":
            self.at(0.02, lambda: self.answer(call))

    def _hang_up(self, sid: str, status: str, too_late: frozenset[str]) -> None:
        self._maybe_down()
        for call in self.calls:
            if call.sid == sid and call.status not in too_late:
                self.move(call, status)

    def _is_visible(self, call: PhoneCall) -> bool:
        return call.visible_at is None or call.visible_at <= self.now()

    def _maybe_down(self) -> None:
        if not self.calm and self.chance.random() < 0.1:
            raise Retryable("down", code="carrier_down")

    def _noted(self, what: str, placing: Placing) -> Placing:
        self.done[what] = self.done.get(what, 0) + 1
        return placing


def _seen(call: PhoneCall) -> CarrierCall:
    """`initiated` is a callback's word; the resource says `queued` or `ringing` (R39)."""
    word = "queued" if call.status == "initiated" else call.status
    seconds = int((call.over_at - call.born).total_seconds()) if call.over_at else None
    return CarrierCall(call.sid, word, call.born, seconds, None, None)
