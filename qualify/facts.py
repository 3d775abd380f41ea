"""What the model is told about the person and the seller: short, cleaned values. Form text is untrusted input.

A value from a form can neither open a new line nor a new section of the prompt, nor grow it without bound; free text goes
into a fenced block that the prompt declares to be data.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from campaign.file import Campaign
from campaign.records import Lead
from qualify.languages import primary
from qualify.playbook import Playbook, fill

NAME_LENGTH = 40
VALUE_LENGTH = 120
MESSAGE_LENGTH = 600
MAX_EXTRAS = 12
NAMELESS = {"en": "there", "es": "qué tal"}
"""What stands after a hello when the form gave no name: "Hi there", "Hola, qué tal"."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`values` are the lines of the prompt's Facts section; `form` is fenced data, cleaned but not trusted."""

    values: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    records: bool = True
    """Whether this call is recorded, so whether the notice is said."""
    inbound: bool = False
    """The person rings us."""
    before: tuple[str, ...] = ()
    """What was between them and us before, in cleaned lines."""


def clean(text: object, limit: int) -> str:
    """One line of plain text: no control or format characters, no fences or section marks, at most `limit` characters."""
    folded = unicodedata.normalize("NFKC", str(text))
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in folded)
    single = re.sub(r"\s+", " ", re.sub(r"[`<>{}\[\]|\\]|#+|-{3,}|={3,}", " ", visible)).strip()
    return single if len(single) <= limit else single[: limit - 1].rstrip() + "…"


def given_name(text: str) -> str:
    """A name that can be spoken: letters, marks, hyphens and apostrophes, at most three words."""
    kept = "".join(c for c in clean(text, 200) if c in " '’-." or unicodedata.category(c)[0] in "LM")
    return clean(" ".join(kept.split()[:3]), NAME_LENGTH).strip(" '-.")


def gather(playbook: Playbook, campaign: Campaign, lead: Lead, zone: str) -> Facts:
    """Facts of one call. Answers the form already gave keep their question's id as key."""
    first_name = given_name(lead.first_name) or NAMELESS.get(primary(playbook.language), "")
    seller = {
        "brand": campaign.seller.brand,
        "legal_name": campaign.seller.legal_name,
        "agent": playbook.identity.agent,
    }
    values = {
        "first_name": first_name,
        **{key: clean(value, VALUE_LENGTH) for key, value in seller.items()},
        "company": clean(fill(playbook.identity.company, seller), VALUE_LENGTH),
        "timezone": zone,
        "language": playbook.language,
        "meeting_minutes": str(campaign.meeting.minutes),
    }
    given = {q.id: lead.answers.get(q.id, lead.email if q.type == "email" else None) for q in playbook.questions}
    known = {key: clean(value, VALUE_LENGTH) for key, value in given.items() if _given(value)}
    return Facts(values | known, dict(_form(lead, playbook)), campaign.recording.enabled)


def _given(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _form(lead: Lead, playbook: Playbook) -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for key, value, limit in (
        ("name", f"{lead.first_name} {lead.last_name}", VALUE_LENGTH),
        ("company", lead.company, VALUE_LENGTH),
        ("email", lead.email, VALUE_LENGTH),
        ("message", lead.message, MESSAGE_LENGTH),
    ):
        if cleaned := clean(value, limit):
            entries.append((key, cleaned))
    others = [key for key in lead.answers if playbook.question(str(key)) is None][:MAX_EXTRAS]
    entries += [(clean(key, NAME_LENGTH), clean(lead.answers[key], VALUE_LENGTH)) for key in others]
    return entries
