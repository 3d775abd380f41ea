"""What the tools of one call know and remember: whom they serve, offered slots, answers, what was promised.

One desk per call, locked, because two tools of one response run in two threads. Nothing here talks to the model.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaign.file import Campaign, Person
from campaign.records import Booking, Lead
from qualify.languages import primary
from qualify.playbook import INVITATION, Playbook, Question, fill
from qualify.ports import Calendars, OpenSlot
from qualify.spoken import say_time, say_zone

OFFER_LIFE = timedelta(minutes=15)
TIME = "time"
"""What meetings and callbacks are read back about."""
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
    """In the language of the talk."""
    zone: str
    calendars: Calendars | None
    facts: dict[str, str] = field(default_factory=dict)
    summary: Callable[[], str] = lambda: ""
    """The conversation so far in a few lines, for the calendar event."""
    may_call: Callable[[datetime], datetime | None] = lambda at: at
    """The first instant from the given one on at which this person may be called; None when there is none."""
    offers: dict[str, Offer] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    read_backs: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The value read back last about a question (or the time), with that read-back's key: all that can be confirmed."""
    unclear: Counter[str] = field(default_factory=Counter)
    promised: dict[str, datetime] = field(default_factory=dict)
    booking: Booking | None = None
    callback_at: datetime | None = None
    transferred_to: Person | None = None
    nobody_free: bool = False
    """A colleague was asked for, and none could be had: somebody calls back."""
    wish: str = ""
    """Why a colleague was asked for, in the model's words."""
    playbooks: dict[str, Playbook] = field(default_factory=dict)
    """The campaign's other languages, by code."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    booking_lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while the calendar is asked to book: answers are stored meanwhile."""
    offered: int = 0
    read: int = 0

    def speak(self, language: str, now: datetime) -> None:
        """The talk is in this language now: so are lines, times and the offers made before."""
        with self.lock:
            wanted = self.playbooks.get(primary(language), self.playbook)
            if wanted is self.playbook:
                return
            self.playbook = wanted
            for slot_id, offer in self.offers.items():
                self.offers[slot_id] = replace(offer, say=self.say(offer.slot.starts_at, now))

    def say(self, at: datetime, now: datetime) -> str:
        """In the person's zone, which is named where the team's clock shows another hour."""
        said = say_time(at, self.zone, self.playbook.language, now)
        elsewhere = at.astimezone(ZoneInfo(self.zone)).utcoffset() != at.astimezone(self._team_zone).utcoffset()
        return f"{said} {say_zone(at, self.zone, self.playbook.language)}" if elsewhere else said

    @property
    def _team_zone(self) -> ZoneInfo:
        return ZoneInfo(self.campaign.timezone)

    def line(self, text: str, **values: str) -> str:
        return fill(text, self.facts | values)

    def add_offers(self, slots: list[OpenSlot], now: datetime) -> list[Offer]:
        """Give each slot an id that stays with it for the call."""
        with self.lock:
            fresh: list[Offer] = []
            for slot in slots:
                known = next((o for o in self.offers.values() if o.slot.starts_at == slot.starts_at), None)
                self.offered += known is None
                slot_id = known.slot_id if known else f"s{self.offered}"
                self.offers[slot_id] = Offer(slot_id, slot, self.say(slot.starts_at, now), now)
                fresh.append(self.offers[slot_id])
            return fresh

    def all_offers(self) -> list[Offer]:
        """A copy, since another tool may be adding some."""
        with self.lock:
            return list(self.offers.values())

    def read_back(self, about: str, value: str, *, anew: bool = True) -> str:
        """Key of a read-back of this value. Each has its own, so that no earlier one's confirmation serves for it."""
        pending, key = self.read_backs.get(about, ("", ""))
        if anew or pending != value:
            self.read += 1
            key = f"{about}:{self.read}"
            self.read_backs[about] = (value, key)
        return key

    def pending(self, about: str) -> str:
        return self.read_backs.get(about, ("", ""))[0]

    def agreed(self, about: str, value: str, confirmed: frozenset[str]) -> bool:
        """Whether this very value was the last to be read back, heard and answered."""
        pending, key = self.read_backs.get(about, ("", ""))
        return pending == value and key in confirmed

    def question(self, question_id: str) -> Question | None:
        return self.playbook.question(question_id) or (INVITATION if question_id == INVITATION.id else None)

    def guest(self) -> Lead:
        """The lead as the invitation goes out: to the e-mail given on the phone, where one was."""
        asked = [q.id for q in self.playbook.questions if q.type == "email"]
        email = next((self.answers[key] for key in (INVITATION.id, *asked) if self.answers.get(key)), "")
        return Lead(**(self.lead.model_dump() | {"email": email})) if email else self.lead

    def open_questions(self) -> list[str]:
        """Ids of questions nobody has answered, in the playbook's order."""
        return [q.id for q in self.playbook.questions if q.id not in self.answers]


def refusal(error: str, message: str, **more: Any) -> Result:
    """A refusal in words the model can act on."""
    return {"error": error, "message": message, **more}
