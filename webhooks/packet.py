"""Everything that proves whether and why one number was called, as one packet: consent, decisions, calls, disclosure, stops.

Reads only. Every sealed row stands with its proof, so whoever holds the packet can compute the digests again
(`faults` does); the campaigns' whole chains are walked here, and what does not fit is said.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, SQLModel, col, or_, select

from campaign import evidence, stand_ins, store
from campaign.errors import Permanent
from campaign.phone import Phone, parse
from campaign.records import (
    Attempt,
    AuditEntry,
    Call,
    CallEvent,
    ChainEntry,
    Consent,
    ConsentEvent,
    Decision,
    Disclosure,
    Lead,
    Outcome,
    Scrub,
    Suppression,
)
from dialer.recording import BEGAN
from dialer.states import UNRECORDED

FORMAT = "firstring-consent-packet/1"
PROVED: dict[str, tuple[str, Any]] = {
    "consents": ("consent", Consent),
    "events": ("consent_event", ConsentEvent),
    "decisions": ("decision", Decision),
    "disclosures": ("disclosure", Disclosure),
    "outcomes": ("outcome", Outcome),
}
"""What of a lead is sealed: where it stands in the packet, its kind in the chain, its table."""
MS = timedelta(milliseconds=1)
HOW = (
    "Each sealed row's digest is sha256(salt + its content as JSON with sorted keys and no blanks). Each entry of a "
    "campaign's chain is sha256(previous entry's sha256 | kind | ref_id | digest). A row that was changed after it was "
    "sealed no longer fits its entry; an entry that was changed or removed breaks the one behind it. "
    "`firstring consent verify FILE.json` computes the digests again."
)
_CALL = (
    "playbook",
    "playbook_sha256",
    "prompt_sha256",
    "model",
    "voice",
    "language",
    "started_at",
    "ended_at",
    "ended_by",
)
_ATTEMPT = (
    *("number", "state", "disposition", "from_number", "to_number", "call_sid", "intent_at", "answered_at", "ended_at"),
    *("answered_by", "call_duration_s", "decision_id", "recording_sid", "recording_status"),
)
_LEAD = (
    "campaign",
    "source",
    "external_id",
    "received_at",
    "submitted_at",
    "country",
    "region",
    "timezone",
    "state",
    "reason",
)


def number(typed: str, country: str = "") -> str:
    """The number in E.164. Raises `Permanent`."""
    found = parse(typed, country or None, frozenset())
    if not isinstance(found, Phone):
        raise Permanent("this is no full phone number; write it as +12125550101", code="not_a_number")
    return found.e164


def gather(session: Session, phone: str, *, by: str, now: datetime) -> dict[str, Any]:
    """The packet of a number in E.164, as JSON can hold it; empty lists when nothing is known of it."""
    forms = stand_ins.forms(session, phone)
    leads = _leads(session, forms)
    campaigns = sorted({lead.campaign for lead in leads})
    chains = [_chain(session, campaign) for campaign in campaigns]
    told = [_told(session, lead) for lead in leads]
    proofs = [proof for lead in told for proof in _proofs(lead)]
    return {
        "format": FORMAT,
        "phone": phone,
        "made_at": now.isoformat(),
        "made_by": by,
        "verdict": _verdict(chains, proofs),
        "how_to_verify": HOW,
        "chains": chains,
        "leads": told,
        "suppressions": [_row(row) for row in _of(session, Suppression, col(Suppression.phone).in_(forms))],
        "scrubs": [_row(row) for row in _of(session, Scrub, col(Scrub.phone).in_(forms))],
        "erasures": [_row(row) for row in _of(session, AuditEntry, col(AuditEntry.subject).in_(forms))],
    }


def faults(packet: dict[str, Any]) -> Iterator[str]:
    """What does not fit in a packet that somebody hands over, computed from the packet alone."""
    for chain in packet["chains"]:
        yield from (f"chain of {chain['campaign']}: {fault}" for fault in chain["faults"])
    for lead in packet["leads"]:
        for proof in _proofs(lead):
            yield from (f"{proof['kind']} {proof['ref_id']}: {fault}" for fault in _recomputed(proof))


def _recomputed(proof: dict[str, Any]) -> Iterator[str]:
    if proof["state"] in ("not_sealed", "erased"):
        return
    if evidence.digest_of(proof["salt"], proof["content"]) != proof["digest"]:
        yield "was changed after it was sealed"
    if evidence.link(proof["prev_sha256"], proof["kind"], proof["ref_id"], proof["digest"]) != proof["sha256"]:
        yield "does not fit its entry in the chain"


def _leads(session: Session, forms: tuple[str, ...]) -> list[Lead]:
    rung = select(Attempt.lead_id).where(col(Attempt.to_number).in_(forms))
    agreed = select(Consent.lead_id).where(col(Consent.phone).in_(forms))
    theirs = or_(col(Lead.phone).in_(forms), col(Lead.id).in_(rung), col(Lead.id).in_(agreed))
    return list(session.exec(select(Lead).where(theirs).order_by(col(Lead.id))))


def _chain(session: Session, campaign: str) -> dict[str, Any]:
    head = session.exec(
        select(ChainEntry).where(ChainEntry.campaign == campaign).order_by(col(ChainEntry.seq).desc()).limit(1)
    ).first()
    return {
        "campaign": campaign,
        "entries": head.seq if head else 0,
        "head": head.sha256 if head else evidence.GENESIS,
        "faults": list(evidence.faults(session, campaign)),
    }


def _verdict(chains: list[dict[str, Any]], proofs: list[dict[str, Any]]) -> str:
    """`intact`, `broken`, `partly_sealed` (rows of the last seconds) or `nothing_known`."""
    states = {proof["state"] for proof in proofs}
    if "changed" in states or any(chain["faults"] for chain in chains):
        return "broken"
    if not states:
        return "nothing_known"
    return "partly_sealed" if "not_sealed" in states else "intact"


def _told(session: Session, lead: Lead) -> dict[str, Any]:
    """One lead: rows that are sealed stand as their proofs, calls with what was disclosed and where."""
    erased = lead.phone is not None and stand_ins.is_one(lead.phone)
    proved = {
        name: [_proof(session, kind, row, erased) for row in _of(session, table, table.lead_id == lead.id)]
        for name, (kind, table) in PROVED.items()
    }
    seller = store.get(session, lead.campaign)[0].seller
    return {
        "lead_id": lead.id,
        "name": f"{lead.first_name} {lead.last_name}".strip(),
        "phone_typed": lead.phone_typed,
        "seller": seller.legal_name,
        "erased": erased,
        **_row(lead, _LEAD),
        **proved,
        "calls": [_call(session, row) for row in _of(session, Attempt, Attempt.lead_id == lead.id)],
    }


def _proof(session: Session, kind: str, row: Any, erased: bool) -> dict[str, Any]:
    """A row without its data although its lead was never erased was not emptied by us."""
    found = evidence.proof(session, kind, row)
    return found | {"state": "changed"} if found["state"] == "erased" and not erased else found


def _call(session: Session, attempt: Attempt) -> dict[str, Any]:
    call = session.get(Call, attempt.id)
    disclosure = session.exec(select(Disclosure).where(Disclosure.attempt_id == attempt.id)).first()
    kept = attempt.recording_status not in UNRECORDED
    return {
        "attempt_id": attempt.id,
        **_row(attempt, _ATTEMPT),
        "conversation": _row(call, _CALL) if call else None,
        "disclosure_offset_ms": disclosure.offset_ms if disclosure else None,
        "disclosure_in_recording_ms": _in_recording(session, attempt, disclosure) if disclosure and kept else None,
    }


def _in_recording(session: Session, attempt: Attempt, disclosure: Disclosure) -> int | None:
    """Where in the recording the disclosure had been heard; None when there is none or it began later."""
    began = session.exec(
        select(CallEvent.received_at)
        .where(CallEvent.attempt_id == attempt.id, CallEvent.kind == "recording", CallEvent.word == BEGAN)
        .order_by(col(CallEvent.received_at))
        .limit(1)
    ).first()
    return None if began is None or began > disclosure.at else round((disclosure.at - began) / MS)


def _proofs(lead: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in PROVED:
        yield from lead[name]


def _of(session: Session, table: Any, where: Any) -> Iterable[Any]:
    return session.exec(select(table).where(where).order_by(table.id))


def _row(row: SQLModel, only: tuple[str, ...] = ()) -> dict[str, Any]:
    return row.model_dump(mode="json", include=set(only) or None)
