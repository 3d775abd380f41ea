"""What the database holds about some leads and their numbers, read for all of them at once: a handful of statements, however many.

Intake takes in leads by the dozen and a dial takes one; both look at the same rows, so that they cannot disagree.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from campaign import stand_ins
from campaign.consents import REVOKED
from campaign.records import Attempt, Call, Consent, ConsentEvent, Halt, Lead, Outcome, Suppression
from campaign.suppression import CARRIER, GLOBAL, person
from dialer import rule_sets
from dialer.law import Table

MACHINES = ("voicemail", "screening", "machine")
"""What a call may reach that ends it without being a person."""


@dataclass(frozen=True, slots=True)
class Known:
    table: Table
    """The calling rules in force."""
    halts: dict[str, datetime | None]
    """Brakes in force by scope."""
    attempts: dict[str, list[Attempt]]
    """By number, by any lead, oldest first; those of a lead that was erased count as well."""
    suppressions: dict[str, list[Suppression]]
    """By number, and by person; a person's own stop before the carrier's word."""
    spoken: dict[str, list[Outcome]]
    """Conversations with a person by number, for any lead of it, newest first."""
    hung_up: dict[str, list[datetime]]
    """When a person ended a call of ours, by number, newest first."""
    consents: dict[str, Consent]
    """The newest of each lead."""
    revoked: dict[str, datetime]
    """When a consent was first taken back, by its id."""

    def suppressed(self, phone: str, campaign: str, email: str = "") -> Suppression | None:
        """As `campaign.suppression.suppressed` says."""
        rows = [*self.suppressions[phone], *(self.suppressions[person(email)] if email else ())]
        binding = (row for row in rows if row.scope in (GLOBAL, campaign))
        return min(binding, key=lambda row: row.channel == CARRIER, default=None)


def about(
    session: Session,
    lead_ids: Collection[str],
    phones: Collection[str],
    now: datetime,
    *,
    emails: Iterable[str] = (),
    consents: dict[str, Consent] | None = None,
) -> Known:
    """Read it. `consents`: those of leads that are not in the database yet, which then are not looked for there."""
    agreed = _consents(session, lead_ids) if consents is None else consents
    forms = stand_ins.by_form(session, {*phones, *(person(email) for email in emails if email)})
    attempts = _attempts(session, {form: phone for form, phone in forms.items() if phone in phones})
    return Known(
        rule_sets.in_force(session),
        halts(session, now),
        attempts,
        _suppressions(session, forms),
        _spoken(session, attempts),
        _hung_up(session, {one.to_number: phone for phone, many in attempts.items() for one in many}),
        agreed,
        _revoked(session, agreed) if consents is None else {},
    )


def halts(session: Session, now: datetime) -> dict[str, datetime | None]:
    """Brakes in force by scope."""
    return {halt.scope: halt.until for halt in session.exec(select(Halt)) if halt.until is None or halt.until > now}


def _attempts(session: Session, phones: Mapping[str, str]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = defaultdict(list)
    if phones:
        query = select(Attempt).where(col(Attempt.to_number).in_(phones)).order_by(col(Attempt.intent_at))
        for attempt in session.exec(query):
            found[phones[attempt.to_number]].append(attempt)
    return found


def _suppressions(session: Session, whom: Mapping[str, str]) -> dict[str, list[Suppression]]:
    found: dict[str, list[Suppression]] = defaultdict(list)
    if whom:
        query = select(Suppression).where(col(Suppression.phone).in_(whom))
        for row in session.exec(query.order_by(col(Suppression.channel) == CARRIER)):
            found[whom[row.phone]].append(row)
    return found


def _revoked(session: Session, consents: Mapping[str, Consent]) -> dict[str, datetime]:
    """The first revocation of each consent."""
    if not consents:
        return {}
    of_these = col(ConsentEvent.consent_id).in_([one.id for one in consents.values()])
    events = select(ConsentEvent.consent_id, ConsentEvent.at).where(of_these, ConsentEvent.kind == REVOKED)
    return dict(session.exec(events.order_by(col(ConsentEvent.at).desc())).all())


def _spoken(session: Session, phones: Collection[str]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    if phones:
        query = (
            select(Lead.phone, Outcome)
            .join(Lead, col(Lead.id) == col(Outcome.lead_id))
            .where(col(Lead.phone).in_(phones), Outcome.reached == "human", Outcome.next != "retry")
        )
        for phone, outcome in session.exec(query.order_by(col(Outcome.at).desc())):
            found[phone or ""].append(outcome)
    return found


def _hung_up(session: Session, phones: Mapping[str, str]) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = defaultdict(list)
    if phones:
        query = (
            select(Attempt.to_number, Call.ended_at)
            .join(Call, col(Call.attempt_id) == col(Attempt.id))
            .where(col(Attempt.to_number).in_(phones), Attempt.direction == "outbound")
            .where(Call.ended_by == "caller", col(Call.reached).not_in(MACHINES))
        )
        for number, at in session.exec(query.order_by(col(Call.ended_at).desc())):
            if at:  # ended by somebody, hence at some time
                found[phones[number]].append(at)
    return found


def _consents(session: Session, lead_ids: Collection[str]) -> dict[str, Consent]:
    mine = select(Consent).where(col(Consent.lead_id).in_(lead_ids))
    return {row.lead_id: row for row in session.exec(mine.order_by(col(Consent.recorded_at), col(Consent.id)))}
