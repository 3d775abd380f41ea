"""A consent packet as one printable page that needs nothing else: for the person who asks, a lawyer, a regulator. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from campaign.consents import USED
from webhooks import pages
from webhooks.packet import PROVED
from webhooks.words import plain

VERDICTS = {
    "intact": ("good", "Every record is as it was sealed"),
    "partly_sealed": ("wait", "Intact; records of the last seconds are still to be sealed"),
    "broken": ("bad", "Records do not fit what was sealed: see Verification"),
    "nothing_known": ("wait", "Nothing is on record for this number"),
}
STATES = {
    "matches": ("good", "as sealed"),
    "changed": ("bad", "changed after it was sealed"),
    "not_sealed": ("wait", "not sealed yet"),
    "erased": ("wait", "erased; its seal remains"),
}
HAPPENED = {
    "used_for_call": "Consent used for a call",
    "revoked": "Consent taken back",
    "disputed": "Disputed: kept on hold",
}
ZONES = available_timezones()


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    what: str
    detail: str
    tone: str
    state: str = ""
    """Of its seal, where it has one."""


def render(packet: dict[str, Any]) -> str:
    """Untrusted text inside; every value is escaped."""
    return pages.text(
        "packet.html",
        packet=packet,
        made_at=_at(packet["made_at"]),
        verdict=VERDICTS[packet["verdict"]],
        states=STATES,
        leads=[(_whole(lead), _zone(lead), _in_order(lead)) for lead in packet["leads"]],
        at=_at,
    )


def _whole(lead: dict[str, Any]) -> dict[str, Any]:
    """What is not set was left out of a sealed content; the page reads it as None."""
    return lead | {
        name: [proof | {"content": defaultdict(lambda: None, proof["content"])} for proof in lead[name]]
        for name in PROVED
    }


def _in_order(lead: dict[str, Any]) -> list[Moment]:
    return sorted(moments(lead), key=lambda moment: moment.at)


def moments(lead: dict[str, Any]) -> Iterator[Moment]:
    """What happened to one lead, in plain words."""
    numbers = {call["attempt_id"]: call["number"] for call in lead["calls"]}
    yield Moment(_at(lead["received_at"]), "Form received", f"from {lead['source']}", "quiet")
    for proof in lead["consents"]:
        row = proof["content"]
        what = "Consent given" if row["given"] else "Consent not given"
        yield Moment(_at(row.get("at") or row["recorded_at"]), what, row.get("method", ""), "good", proof["state"])
    for proof in lead["decisions"]:
        yield _decided(proof)
    for proof in lead["events"]:
        row = proof["content"]
        used = f"call {numbers.get(row.get('attempt_id'), '–')}" if row["kind"] == USED else row.get("by", "")
        how = f"by {plain(row['channel'])}" if row.get("channel") else used
        tone = "bad" if row["kind"] == "revoked" else "quiet"
        yield Moment(_at(row["at"]), HAPPENED.get(row["kind"], plain(row["kind"])), how, tone, proof["state"])
    for call in lead["calls"]:
        yield from _called(call)
    for proof in lead["disclosures"]:
        row = proof["content"]
        where = f"{row['offset_ms'] / 1000:.1f} s into the conversation"
        yield Moment(_at(row["at"]), "AI disclosure heard in full", where, "good", proof["state"])
    for proof in lead["outcomes"]:
        row = proof["content"]
        yield Moment(_at(row["at"]), "Outcome", plain(row.get("wanted") or row["reached"]), "quiet", proof["state"])


def _decided(proof: dict[str, Any]) -> Moment:
    row = proof["content"]
    words = {"allow": "Rules asked: may be called", "deny": "Rules asked: must not be called"}
    what = words.get(row["verdict"], "Rules asked: must wait")
    why = "" if row["verdict"] == "allow" else plain(row["reason"])
    return Moment(_at(row["at"]), what, why, "bad" if row["verdict"] == "deny" else "quiet", proof["state"])


def _called(call: dict[str, Any]) -> Iterator[Moment]:
    yield Moment(_at(call["intent_at"]), f"Call {call['number']} placed", f"from {call['from_number']}", "quiet")
    if call["answered_at"]:
        by = f"by {plain(call['answered_by'])}" if call["answered_by"] else ""
        yield Moment(_at(call["answered_at"]), f"Call {call['number']} answered", by, "quiet")
    if call["ended_at"]:
        how = plain(call["disposition"] or call["state"])
        yield Moment(_at(call["ended_at"]), f"Call {call['number']} over", how, "quiet")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _zone(lead: dict[str, Any]) -> str:
    return ZoneInfo(lead["timezone"]).key if lead["timezone"] in ZONES else "UTC"
