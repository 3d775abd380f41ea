"""HubSpot's names for what we know: properties, outcome GUIDs, record bodies, error meanings. Pure.

Only standard properties, plus what a campaign maps. Values are strings. Bodies are HTML; every text of the lead's or
the model's is escaped, and only our own addresses become links.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from crm_sync.errors import CrmPaused, CrmRefused, CrmUnavailable
from crm_sync.payload import CrmCall, CrmConsent, CrmContact, CrmWrite, why, words

# hs_call_status of a line's end; the rest of our states never reach a CRM as a finished call.
STATUS = {
    "completed": "COMPLETED",
    "busy": "BUSY",
    "no_answer": "NO_ANSWER",
    "canceled": "CANCELED",
    "failed": "FAILED",
    "refused": "FAILED",
}
# Call outcomes every HubSpot account starts with (GET /calling/v1/dispositions lists an account's own).
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
NO_ANSWER = "73a0d17f-1163-4015-bdd5-ec830791da20"
BUSY = "9d9162e7-6cf3-4944-bf63-4dff82258764"
LEFT_VOICEMAIL = "b2cf5968-551e-4856-9783-52b3da59a7d0"
WRONG_NUMBER = "17b47fee-58de-441e-a44c-c6300d46f273"

BODY_LIMIT = 65_000  # documented: 65,536 characters
PROBE_S = 900.0
"""The daily limit ends at midnight of the account's own zone, which the answer does not name: look this often."""
MEND_S = 60.0


@dataclass(frozen=True, slots=True)
class Engagement:
    """A record on a contact's timeline: a call, or a note for a lead that was never called."""

    kind: str
    association: int
    """HUBSPOT_DEFINED type from it to a contact."""
    body_property: str
    properties: Mapping[str, str]
    mapped: frozenset[str]


def contact(given: CrmContact) -> dict[str, str]:
    """Empty values are left out: they would blank what the CRM has."""
    standard = {
        "email": given.email,
        "firstname": given.first_name,
        "lastname": given.last_name,
        "phone": given.phone,
        "company": given.company,
    }
    return {**given.mapped, **{name: value for name, value in standard.items() if value}}


def engagement(write: CrmWrite) -> Engagement:
    if write.call is None:
        note = {"hs_timestamp": stamp(write.at), "hs_note_body": body(write)}
        return Engagement("notes", 202, "hs_note_body", note, frozenset())
    call = write.call
    properties = {
        "hs_timestamp": stamp(call.at),
        "hs_call_title": write.title,
        "hs_call_body": body(write),
        "hs_call_direction": call.direction.upper(),
        "hs_call_status": STATUS.get(call.line, "COMPLETED"),
        "hs_call_duration": str(call.duration_ms),
        "hs_call_to_number": call.to_number,
        "hs_call_from_number": call.from_number,
        "hs_call_recording_url": call.recording_url,
        "hs_call_disposition": disposition(call),
    }
    kept = {name: value for name, value in properties.items() if value}
    return Engagement("calls", 194, "hs_call_body", {**call.mapped, **kept}, frozenset(call.mapped))


def disposition(call: CrmCall) -> str:
    """The GUID of the call's outcome, or nothing when no standard one is true."""
    if call.detail == "wrong_number":
        return WRONG_NUMBER
    if call.left_message:
        return LEFT_VOICEMAIL
    if call.reached in ("human", "screening"):
        return CONNECTED
    if call.line == "busy":
        return BUSY
    return NO_ANSWER if call.line in ("no_answer", "completed", "canceled") else ""


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def body(write: CrmWrite) -> str:
    """HTML of the record, what a salesperson wants first; the marker comes last, and no limit cuts it off."""
    marker = f"<p>Firstring reference: {escape(write.marker)}</p>"
    shown = ""
    for part in _sections(write):
        if len(shown) + len(part) + len(marker) > BODY_LIMIT:
            break
        shown += part
    return shown + marker


def _sections(write: CrmWrite) -> Iterator[str]:
    call = write.call
    yield _line("Outcome", words(call.outcome if call else write.state))
    if write.meeting:
        yield _line("Meeting", f"{write.meeting.spoken} with {write.meeting.person}")
    yield _line("Why", why(write.reason))
    yield _line("Call back by", write.call_back_by)
    if call and call.summary:
        yield f"<p>{escape(call.summary[:10_000])}</p>".replace("\n", "<br>")
    if call and call.answers:
        yield _list("Answers", call.answers)
    links = [f'<a href="{escape(write.console_url)}">Transcript and reasons</a>']
    if call and call.recording_url:
        links.insert(0, f'<a href="{escape(call.recording_url)}">Listen to the call</a>')
    yield f"<p>{' · '.join(links)}</p>"
    if write.consent:
        yield _list("Consent", _evidence(write.consent))


def _evidence(consent: CrmConsent) -> Iterator[tuple[str, str]]:
    yield "Given", "yes" if consent.given else "no"
    yield "Given to", consent.seller
    yield "Words shown", consent.text
    yield "Version", consent.version
    yield "Page", consent.url
    yield "Given at", stamp(consent.at) if consent.at else ""
    yield "Received at", stamp(consent.recorded_at)
    yield "IP address", consent.ip
    yield "Method", consent.method
    yield "Certificate", consent.certificate_url


def _line(label: str, value: str) -> str:
    return f"<p><strong>{label}:</strong> {escape(value)}</p>" if value else ""


def _list(label: str, rows: Iterable[tuple[str, str]]) -> str:
    items = "".join(f"<li>{escape(name)}: {escape(value[:4000])}</li>" for name, value in rows if value)
    return f"<p><strong>{label}</strong></p><ul>{items}</ul>"


def trouble(
    status: int, answer: Mapping[str, Any], retry_after: float | None
) -> CrmUnavailable | CrmPaused | CrmRefused:
    """What an answer other than 2xx means; its message stays out, since it quotes the values sent."""
    category = str(answer.get("category", ""))
    data: dict[str, Any] = {"status": status, "category": category, "untouched": status in (401, 403, 429)}
    if status in (401, 403):
        return CrmPaused("HubSpot refuses our token", code="crm_credentials", retry_after=MEND_S, **data)
    if status == 429 and "DAILY" in str(answer.get("policyName", "")).upper():
        return CrmPaused(
            "HubSpot's daily limit is used up", code="crm_daily_limit", retry_after=retry_after or PROBE_S, **data
        )
    if status == 429:
        return CrmUnavailable("HubSpot asks to slow down", retry_after=retry_after or 1.0, **data)
    if status >= 500 or status in (408, 409, 423, 425, 477):
        return CrmUnavailable("HubSpot is in trouble", retry_after=retry_after, **data)
    return CrmRefused("HubSpot refuses the entry", properties=tuple(refused_properties(answer)), **data)


_QUOTED = re.compile(r"\[.*\]", re.DOTALL)
_NAMED = re.compile(r'[Pp]roperty "?([A-Za-z0-9_]+)"? does not exist')


def refused_properties(answer: Mapping[str, Any]) -> Iterator[str]:
    """Names of properties HubSpot would not take: listed as JSON inside the message, in `errors`, or in plain words."""
    message = str(answer.get("message", ""))
    quoted = _QUOTED.search(message)
    try:
        faults = json.loads(quoted.group()) if quoted else []
    except ValueError:
        faults = []
    for fault in [*(faults if isinstance(faults, list) else []), *(answer.get("errors") or [])]:
        if isinstance(fault, dict):
            if isinstance(fault.get("name"), str):
                yield fault["name"]
            context = fault.get("context") or {}
            for name in context.get("propertyName") or context.get("properties") or ():
                yield str(name)
            yield from _NAMED.findall(str(fault.get("message", "")))
    yield from _NAMED.findall(message)


_EXISTING = re.compile(r"[Ee]xisting ID:\s*(\d+)")


def existing_id(answer: Mapping[str, Any]) -> str | None:
    """The id in "Contact already exists. Existing ID: 123"."""
    found = _EXISTING.search(str(answer.get("message", "")))
    return found.group(1) if found else None
