"""transfer_to_human: hand the call to a person of the roster who has a phone and is at work now. Never to digits from outside."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from campaign.file import Campaign, Person
from qualify.tools.arguments import Arguments
from qualify.tools.desk import Desk, Result, refusal

NAME = "transfer_to_human"
DESCRIPTION = "Put the person through to a colleague, when they ask for a human or are in distress. Say so first."
NOBODY = "Nobody is free now. Say so, say that someone will call back, and end the call or offer a callback time."


class TransferToHuman(Arguments):
    reason: str = Field("", description="Why, in a few words")


def run(arguments: TransferToHuman, desk: Desk, now: datetime) -> Result:
    person = on_duty(desk.campaign, now)
    if person is None or person.phone is None:
        desk.nobody_free = True
        return refusal("nobody_free", NOBODY, say=desk.line(desk.playbook.transfer.unavailable))
    desk.transferred_to = person
    return {"status": "transferring", "_person": person.name, "_number": person.phone}


def on_duty(campaign: Campaign, now: datetime) -> Person | None:
    """The first person of the roster with a phone whose working hours are open in their own zone."""
    return next((person for person in campaign.people if person.phone and _at_work(person, campaign, now)), None)


def _at_work(person: Person, campaign: Campaign, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(person.timezone or campaign.timezone))
    at = local.hour * 60 + local.minute
    for start, end in person.hours.on(local.weekday()):
        closes = end.hour * 60 + end.minute or 24 * 60
        if start.hour * 60 + start.minute <= at < closes:
            return True
    return False
