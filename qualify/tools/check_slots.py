"""check_slots: free meeting times, by id, said in the person's words and zone. Needs no argument; computes nothing itself."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from campaign.errors import FirstringError
from qualify.tools.arguments import Arguments
from qualify.tools.desk import Desk, Offer, Result, refusal

NAME = "check_slots"
DESCRIPTION = "Get free meeting times. Offer only these, in the words of `say`. Read-only; needs no arguments."
LIMIT = 3


class CheckSlots(Arguments):
    prefer: str = Field(
        "any", description="morning, afternoon or any", json_schema_extra={"enum": ["morning", "afternoon", "any"]}
    )
    day: str = Field("", description="One day only, as YYYY-MM-DD")

    @field_validator("prefer", mode="before")
    @classmethod
    def _loose(cls, value: Any) -> str:
        said = str(value).lower()
        return next((known for known in ("morning", "afternoon") if known in said), "any")


def run(arguments: CheckSlots, desk: Desk, now: datetime) -> Result:
    try:
        offers = find(desk, now, prefer=arguments.prefer, day=_day(arguments.day))
    except FirstringError as error:
        return refusal("calendar_unavailable", UNAVAILABLE, slots=[], detail=error.code)
    if not offers:
        return refusal(
            "no_slots", "Nothing is free as asked. Offer another day or a callback.", slots=[], timezone=desk.zone
        )
    return {"slots": shown(offers, desk), "timezone": desk.zone}


UNAVAILABLE = "The calendar cannot be reached now. Apologise, and offer a callback instead; promise no meeting."


def find(
    desk: Desk, now: datetime, *, prefer: str = "any", day: date | None = None, without: datetime | None = None
) -> list[Offer]:
    """Fresh offers; times offered before are left out unless nothing else is free."""
    if desk.calendars is None:
        return []
    gone = {without} if without else set()
    seen = {offer.slot.starts_at for offer in desk.all_offers()} | gone
    for avoid in (seen, gone):
        slots = desk.calendars.offer(desk.campaign, desk.zone, now, limit=LIMIT, prefer=prefer, day=day, avoid=avoid)
        if slots:
            return desk.add_offers(slots, now)
    return []


def shown(offers: list[Offer], desk: Desk) -> list[dict[str, str]]:
    zone = ZoneInfo(desk.zone)
    return [
        {"slot_id": o.slot_id, "say": o.say, "start": o.slot.starts_at.astimezone(zone).isoformat()} for o in offers
    ]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
