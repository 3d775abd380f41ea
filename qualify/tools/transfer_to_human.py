"""transfer_to_human: hand the call to a person of the roster who has a phone and is at work now. Never to digits from outside.

Asked for once a call: when nobody took it, a callback is promised instead of ringing everybody again. (twilio.md R88)
"""

from datetime import datetime

from pydantic import Field

from campaign import roster
from qualify.facts import clean
from qualify.tools.arguments import Arguments
from qualify.tools.desk import Desk, Result, refusal

NAME = "transfer_to_human"
DESCRIPTION = "Put the person through to a colleague, when they ask for a human or are in distress. Say so first."
NOBODY = "Nobody is free now. Say so, say that someone will call back, and end the call or offer a callback time."
WISH_LENGTH = 100


class TransferToHuman(Arguments):
    reason: str = Field("", description="Why, in a few words; a colleague hears it")


def run(arguments: TransferToHuman, desk: Desk, now: datetime) -> Result:
    free = [] if desk.nobody_free or desk.transferred_to else roster.on_duty(desk.campaign, now)
    if not free:
        desk.nobody_free = True
        return refusal("nobody_free", NOBODY, say=desk.line(desk.playbook.transfer.unavailable))
    desk.transferred_to, desk.wish = free[0], clean(arguments.reason, WISH_LENGTH)
    return {"status": "transferring", "_person": free[0].name, "_number": free[0].phone}
