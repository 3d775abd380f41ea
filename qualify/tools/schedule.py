"""schedule: a meeting or a callback, always read back first. Books only what was offered, and only when the person has heard
the read-back and spoken afterwards: that is checked here, whatever the model says. (DESIGN truth 5, section 6)
"""

import re
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from campaign.errors import FirstringError, Refused
from qualify import when
from qualify.phrases import plain
from qualify.tools import check_slots
from qualify.tools.arguments import Arguments, truth
from qualify.tools.desk import TIME, Desk, Offer, Result, refusal

NAME = "schedule"
DESCRIPTION = (
    "Schedule a meeting (kind meeting, slot_id from check_slots) or a callback (kind callback, when in the person's words). "
    "First call with confirm false, read `read_back` aloud, wait for a clear yes; then call again with confirm true."
)
READ_BACK = "Read this back, wait for a clear yes, then call schedule again with confirm true."
NOT_CONFIRMED = "Not yet confirmed. Read this back aloud, wait for their clear yes, then call again with confirm true."
FURTHEST = timedelta(days=60)
WHOLE = 12
"""Characters from which a spoken time can be told from the end of another ("10:00 AM" cannot)."""


class Schedule(Arguments):
    kind: str = Field("meeting", description="meeting or callback", json_schema_extra={"enum": ["meeting", "callback"]})
    slot_id: str = Field("", description="Meeting: the slot_id from check_slots")
    when: str = Field("", description="Callback: the time in the person's own words, such as tomorrow after four")
    confirm: Any = Field(
        False, description="true only after the read-back and a clear yes", json_schema_extra={"type": "boolean"}
    )


def run(arguments: Schedule, desk: Desk, now: datetime, confirmed: frozenset[str]) -> Result:
    with desk.booking_lock:
        if "call" in arguments.kind.lower():
            return _callback(arguments, desk, now, confirmed)
        return _meeting(arguments, desk, now, confirmed)


# --- meetings ---


def _meeting(arguments: Schedule, desk: Desk, now: datetime, confirmed: frozenset[str]) -> Result:
    confirm = truth(arguments.confirm)
    offer = named(desk, arguments.slot_id or (desk.pending(TIME) if confirm else ""))
    if offer is None:
        return _refuse(desk, now, "unknown_slot", "That slot was not offered. Offer one of these by its slot_id.")
    if offer.expired(now):
        return _refuse(desk, now, "slot_expired", "That offer has expired. Offer one of these instead.", gone=offer)
    if desk.booking is not None and desk.booking.starts_at == offer.slot.starts_at:
        return _booked(desk, offer)
    if not (confirm and desk.agreed(TIME, offer.slot_id, confirmed)):
        return _read_back(desk, offer.slot_id, offer.say, confirm=confirm, slot_id=offer.slot_id)
    return _book(desk, offer, now)


def _read_back(desk: Desk, value: str, said: str, *, confirm: bool, **ids: str) -> Result:
    """Confirmed too early is a reminder: what has been heard of this read-back meanwhile counts."""
    key = desk.read_back(TIME, value, anew=not confirm)
    if confirm:
        return refusal("not_confirmed", NOT_CONFIRMED, read_back=said, _key=key, **ids)
    return {"status": "read_back", "read_back": said, "message": READ_BACK, "_key": key, **ids}


def _book(desk: Desk, offer: Offer, now: datetime) -> Result:
    if desk.calendars is None:
        return refusal("calendar_unavailable", check_slots.UNAVAILABLE, slots=[])
    try:
        desk.booking = desk.calendars.book(
            desk.campaign, desk.guest(), desk.attempt_id, offer.slot, zone=desk.zone, summary=desk.summary(), now=now
        )
    except Refused:
        return _refuse(
            desk, now, "slot_taken", "Someone just took that time. Apologise and offer one of these.", gone=offer
        )
    except FirstringError as error:
        return refusal("calendar_unavailable", check_slots.UNAVAILABLE, slots=[], detail=error.code)
    return _booked(desk, offer)


def _booked(desk: Desk, offer: Offer) -> Result:
    said = desk.line(desk.playbook.meeting.booked, slot=offer.say)
    return {"status": "booked", "say": said, "slot_id": offer.slot_id, "start": offer.slot.starts_at.isoformat()}


def _refuse(desk: Desk, now: datetime, error: str, message: str, gone: Offer | None = None) -> Result:
    """A refusal with what can be offered instead."""
    valid = [o for o in desk.all_offers() if not o.expired(now) and o is not gone]
    if gone is not None or not valid:
        if gone is not None:
            desk.offers.pop(gone.slot_id, None)
        try:
            valid = check_slots.find(desk, now, without=gone.slot.starts_at if gone else None) or valid
        except FirstringError as trouble:
            return refusal("calendar_unavailable", check_slots.UNAVAILABLE, slots=[], detail=trouble.code)
    if not valid:
        return refusal("no_slots", "Nothing is free. Offer a callback.", slots=[])
    return refusal(error, message, slots=check_slots.shown(valid[-check_slots.LIMIT :], desk))


def named(desk: Desk, slot_id: str) -> Offer | None:
    """The offer meant by an id, however it was written: `s2`, `S2`, `2`, `slot 2`, or the spoken time itself."""
    wanted = slot_id.strip().lower()
    if wanted in desk.offers:
        return desk.offers[wanted]
    if found := re.fullmatch(r"(?:slot[ _-]?)?s?(\d{1,2})", wanted):
        return desk.offers.get(f"s{int(found[1])}")
    spoken = [offer for offer in desk.all_offers() if len(wanted) >= WHOLE and plain(offer.say).endswith(plain(wanted))]
    starts = [offer for offer in desk.all_offers() if wanted and _same_instant(offer, slot_id)]
    return next(iter(spoken + starts), None)


def _same_instant(offer: Offer, text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()) == offer.slot.starts_at
    except (ValueError, TypeError):
        return False


# --- callbacks ---


def _callback(arguments: Schedule, desk: Desk, now: datetime, confirmed: frozenset[str]) -> Result:
    confirm = truth(arguments.confirm)
    at = _callback_time(arguments, desk, now, confirm)
    if at is None:
        return refusal(
            "unclear_time", "No time understood. Ask for a day and a time, then call again with those words in `when`."
        )
    if not now < at < now + FURTHEST:
        return refusal("bad_time", "That time is past or too far away. Ask for another.")
    if (allowed := desk.may_call(at)) != at:
        return _not_then(desk, allowed, now)
    value, said = f"callback:{at.isoformat()}", desk.say(at, now)
    desk.promised[value] = at
    if desk.callback_at == at:
        return _promised(desk, at, said)
    if not (confirm and desk.agreed(TIME, value, confirmed)):
        return _read_back(desk, value, said, confirm=confirm, callback_id=value)
    desk.callback_at = at
    return _promised(desk, at, said)


def _not_then(desk: Desk, allowed: datetime | None, now: datetime) -> Result:
    """Nothing is promised that calling hours would break."""
    if allowed is None or allowed >= now + FURTHEST:
        return refusal("outside_calling_hours", "We may not call at that time. Ask for another day and time.")
    message = "We may not call at that time. Say so and offer the time in `say` instead, or ask for another."
    return refusal("outside_calling_hours", message, say=desk.say(allowed, now), when=allowed.isoformat())


def _callback_time(arguments: Schedule, desk: Desk, now: datetime, confirm: bool) -> datetime | None:
    """What was read back holds when the same is confirmed: "in two hours" must not move while the person thinks."""
    pending = desk.promised.get(desk.pending(TIME))
    offer = named(desk, arguments.slot_id) if arguments.slot_id else None
    if offer is not None:
        return offer.slot.starts_at
    at = when.parse(arguments.when, desk.zone, now) if arguments.when.strip() else None
    if confirm and pending is not None and (at is None or abs(at - pending) <= timedelta(minutes=10)):
        return pending
    return at


def _promised(desk: Desk, at: datetime, said: str) -> Result:
    line = desk.line(desk.playbook.callback.promised, slot=said)
    return {"status": "callback_promised", "say": line, "at": at.isoformat()}
