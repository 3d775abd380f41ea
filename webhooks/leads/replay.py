"""Dead letters of the leads door: authentic messages that could not be read, to be looked at and read again once they can.

Each keeps the bytes it came with, so nothing has to be sent a second time.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from campaign import store
from campaign.records import InboxMessage
from webhooks.leads import payload
from webhooks.leads.intake import DOOR, Accepted, Arrival, Message, accept

MOST = 500


def letters(session: Session) -> list[InboxMessage]:
    """Oldest first."""
    mine = select(InboxMessage).where(InboxMessage.door == DOOR, InboxMessage.state == "review")
    return list(session.exec(mine.order_by(col(InboxMessage.received_at)).limit(MOST)))


def again(session: Session, row: InboxMessage, now: datetime) -> Accepted | None:
    """Read it as it would be read today: a lead, or None where it still cannot be one and stays for a person to look at."""
    door = store.by_source(session, row.source)
    if door is None:
        return None
    campaign, version, _ = door
    as_form = row.content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
    try:
        form = payload.from_form(row.body) if as_form else payload.from_json(row.body)
    except (payload.Malformed, payload.Invalid) as error:
        row.problem = type(error).__name__.lower()
        session.add(row)
        return None
    message = Message(row.source, row.message_id, row.content_type, row.body)
    return accept(session, [Arrival(campaign, version, message, form)], now)[0]
