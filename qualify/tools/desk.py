"""What the tools of one call know and remember: whom they serve, offered slots, answers, what was promised.

One desk per call, locked, because two tools of one response run in two threads. Nothing here talks to the model.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaign.file import Campaign, Person
from campaign.records import Booking, Lead
from qualify.playbook import Playbook, fill
from qualify.ports import Calendars, OpenSlot
from qualify.spoken import say_time

OFFER_LIFE = timedelta(minutes=15)
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    slot_id: str
    slot: OpenSlot
    say: str
    offered_at: datetime

    def expired(self, now: datetime) -> bool:
        return now - self.offered_at > OFFER_LIFE or self.slot.starts_at <= now


@dataclass(slots=True)
class Desk:
    campaign: Campaign
    lead: Lead
    attempt_id: str
    playbook: Playbook
    zone: str
    calendars: Calendars | None
    facts: dict[str, str] = field(default_factory=dict)
    summary: Callable[[], str] = lambda: ""
    """The conversation so far in a few lines, for the calendar event."""
    offers: dict[str, Offer] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    read_back: str = ""
    """Key of the read-back given last, for a confirmation that names nothing."""
    promised: dict[str, datetime] = field(default_factory=dict)
    booking: Booking | None = None
    callback_at: datetime | None = None
    transferred_to: Person | None = None
    nobody_free: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def say(self, at: datetime) -> str:
        return say_time(at, self.zone, self.playbook.language)

    def line(self, text: str, **values: str) -> str:
        return fill(text, self.facts | values)

    def add_offers(self, slots: list[OpenSlot], now: datetime) -> list[Offer]:
        """Give each slot an id that stays with it for the call."""
        with self.lock:
            fresh: list[Offer] = []
            for slot in slots:
                known = next((o for o in self.offers.values() if o.slot.starts_at == slot.starts_at), None)
                slot_id = known.slot_id if known else f"s{len(self.offers) + 1}"
                self.offers[slot_id] = Offer(slot_id, slot, self.say(slot.starts_at), now)
                fresh.append(self.offers[slot_id])
            return fresh

    def open_questions(self) -> list[str]:
        """Ids of questions nobody has answered, in the playbook's order."""
        return [q.id for q in self.playbook.questions if q.id not in self.answers]


def refusal(error: str, message: str, **more: Any) -> Result:
    """A refusal in words the model can act on."""
    return {"error": error, "message": message, **more}
