"""Which lists a number must have been looked up in, how old an answer may be, and what it means. Pure.

(compliance.md, section 7: re-scrub US and CA after 31 days, AU 30, UK 28, SG 21)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.file import ScrubList

FRESH_DAYS = {"US": 31, "CA": 31, "AU": 30, "GB": 28, "IE": 28, "SG": 21}
"""By country; a number elsewhere in its numbering plan goes with the strictest."""
STRICTEST = min(FRESH_DAYS.values())
SKEW = timedelta(minutes=5)
REASONS = {"do_not_call": "on_a_do_not_call_list", "reassigned": "number_reassigned", "litigator": "known_litigator"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a list said of a number the last time."""

    as_of: datetime
    listed: bool


def asked(lists: Sequence[ScrubList], country: str) -> list[ScrubList]:
    """The lists that concern numbers of this country."""
    return [one for one in lists if not one.countries or country in one.countries]


def fresh_until(one: ScrubList, country: str, as_of: datetime) -> datetime:
    allowed = FRESH_DAYS.get(country, STRICTEST)
    return as_of + timedelta(days=min(one.days or allowed, allowed))


def due(lists: Sequence[ScrubList], country: str, answers: Mapping[str, Answer], now: datetime) -> Iterator[ScrubList]:
    """Lists without an answer that is fresh now. One from the future is none: a clock was wrong."""
    for one in asked(lists, country):
        answer = answers.get(one.list)
        if answer is None or answer.as_of > now + SKEW or fresh_until(one, country, answer.as_of) <= now:
            yield one


def forbidden(
    lists: Sequence[ScrubList], country: str, answers: Mapping[str, Answer], *, consented: bool
) -> str | None:
    """Why a list forbids calling, in a word of ours; an old answer forbids as well as a fresh one.

    Without a consent a country that keeps a do-not-call list wants it asked.
    """
    concerned = asked(lists, country)
    if not consented and country in FRESH_DAYS and not any(one.kind == "do_not_call" for one in concerned):
        return "no_do_not_call_list"
    for one in concerned:
        answer = answers.get(one.list)
        if answer is not None and answer.listed and not (one.unless_consented and consented):
            return REASONS[one.kind]
    return None
