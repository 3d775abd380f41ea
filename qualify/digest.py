"""The structured summary of a finished call: what the person wants, what they objected to, what comes next.

The text model fills it under a schema; whatever it cannot be had for, or gets wrong, comes from the ledger. Facts (answers,
meetings, outcomes) are never taken from the model.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from qualify.facts import clean
from qualify.phrases import plain
from qualify.playbook import Playbook

MAX_WORDS = 90
FIELD_CHARS = 200
OBJECTIONS = 5
NEXT = {
    "booked": "Meet",
    "qualified": "Offer a meeting",
    "callback": "Call back at the promised time",
    "needs_human": "A colleague calls back",
    "opted_out": "Never call again",
}


class Digest(BaseModel):
    """`summary` is prose of at most three sentences; the rest are short phrases."""

    model_config = ConfigDict(extra="forbid")

    summary: str
    wants: str
    objections: list[str]
    next_step: str


def schema() -> dict[str, Any]:
    """For an API that answers under a strict schema: every field required, no other allowed."""
    return Digest.model_json_schema()


def read(text: str) -> Digest | None:
    """What the model wrote, shortened; None when it is not a digest, or says nothing."""
    try:
        given = Digest.model_validate_json(text)
    except ValidationError:
        return None
    summary = " ".join(given.summary.split()[:MAX_WORDS])
    if not summary:
        return None
    objections = [clean(one, FIELD_CHARS) for one in given.objections[:OBJECTIONS]]
    return Digest(
        summary=summary,
        wants=clean(given.wants, FIELD_CHARS),
        objections=[one for one in objections if one],
        next_step=clean(given.next_step, FIELD_CHARS),
    )


def from_ledger(
    playbook: Playbook | None, facts: str, wanted: str | None, heard: Iterable[str], booked: str = ""
) -> Digest:
    """The same for the same ledger. `facts`: the deterministic summary; `heard`: what the person said."""
    said = plain(" ".join(heard))
    known = playbook.objections if playbook else ()
    objections = [each.when for each in known if any(plain(phrase) in said for phrase in each.hear)]
    step = NEXT.get(wanted or "", "Nothing" if wanted else "Try again")
    return Digest(summary=facts, wants="", objections=objections, next_step=f"{step}: {booked}" if booked else step)


def kept(digest: Digest, facts: Mapping[str, Any], author: str) -> dict[str, Any]:
    """As it is stored with the call: the digest, the facts beside it, and who wrote it."""
    return digest.model_dump() | dict(facts) | {"by": author}
