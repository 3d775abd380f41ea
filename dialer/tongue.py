"""The language an attempt's person is spoken to in by the carrier: the conversation's, else what their form named."""

from sqlmodel import Session

from campaign import languages, store
from campaign.records import Attempt, Call, Lead


def of(session: Session, attempt: Attempt) -> str | None:
    """None when nobody has said: the carrier's own choice."""
    call = session.get(Call, attempt.id)
    if call is not None and call.language:
        return call.language
    campaign, _ = store.get(session, attempt.campaign)
    return languages.beforehand(campaign, session.get_one(Lead, attempt.lead_id))
