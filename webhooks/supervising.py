"""Orders to a live call, by API or console: checked, made to last where they must, and handed to whoever holds the call.

Only a person of the campaign's roster can take over; the number is looked up where the call is (twilio.md R88).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from campaign import clock, roster, store
from campaign.records import Attempt, Call, Lead
from dialer.states import OVER, State
from webhooks import optout
from webhooks.ground import Ground
from webhooks.problems import Problem

Kind = Literal["take_over", "whisper", "speak", "hang_up", "opt_out"]


class CallOrder(BaseModel):
    """What a supervisor wants of a live call."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    order: Kind
    person: str = Field("", max_length=80, description="take_over: who of the campaign's `people` is rung")
    text: str = Field("", max_length=500, description="whisper: for the model alone; speak: said exactly so")
    by: str = Field("", max_length=60, description="Who gives the order; it stands in the transcript")


def give(here: Ground, attempt_id: str, order: CallOrder, channel: str = "api") -> None:
    """Blocking. Raises `Problem` when there is no such call, nobody holds it, or the order cannot be carried out."""
    if order.order == "opt_out":
        _opt_out(here, attempt_id, order, channel)
        return
    with here.database.reading() as session:
        _live(session, attempt_id, order)
    message = {"kind": order.order, "by": order.by, "person": order.person, "text": order.text}
    if not here.tell_call(attempt_id, {name: value for name, value in message.items() if value}):
        raise _not_live()


def _live(session: Session, attempt_id: str, order: CallOrder) -> None:
    attempt = find(session, attempt_id)
    call = session.get(Call, attempt.id)
    if State(attempt.state) in OVER or call is None or call.ended_at is not None:
        raise _not_live()
    if order.order in ("whisper", "speak") and not order.text:
        raise _invalid("text", "Say what is to be said.")
    if order.order == "take_over" and roster.find(store.get(session, attempt.campaign)[0], order.person) is None:
        raise _invalid("person", "Nobody of this name with a phone is on the campaign's roster.")


def _opt_out(here: Ground, attempt_id: str, order: CallOrder, channel: str) -> None:
    """Suppressed first: that holds whether or not the conversation hears of it."""
    with here.database.transaction() as session:
        lead = session.get_one(Lead, find(session, attempt_id).lead_id)
        live = optout.stop(session, lead, channel=channel, now=clock.now(), by=order.by)
    for told in live:
        here.tell_call(told, {"kind": "opt_out", "by": order.by})


def find(session: Session, attempt_id: str) -> Attempt:
    found = session.get(Attempt, attempt_id) if "\x00" not in attempt_id else None
    if found is None:
        raise Problem(404, "unknown_call", "There is no call with this id.")
    return found


def _not_live() -> Problem:
    return Problem(409, "not_live", "Nobody is talking with our agent on this call now, so there is nothing to order.")


def _invalid(field: str, message: str) -> Problem:
    fields = [{"field": field, "message": message}]
    return Problem(422, "invalid_request", message, fields=fields)
