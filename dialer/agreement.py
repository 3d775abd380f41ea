"""What a consent is worth now: complete where the law wants evidence, for an AI voice, in force, not taken back. Pure.

How long it lasts without a stated period is the jurisdiction's to say and comes as an argument. (compliance.md, section 7)
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaign.records import Consent
from dialer.hours import months_later

SKEW = timedelta(minutes=5)
"""A form's clock may be this far ahead of ours; a consent dated later than that is none yet."""
AI_VOICE = frozenset({"ai_voice", "automated_voice", "prerecorded", "any"})
"""Channels whose wording covers an artificial voice; the UK wants it specific to automated calls."""
EVIDENCED = frozenset(
    re.findall(
        "[A-Z]{2}",
        "US PR VI GU AS MP CA GB GG JE IM "
        "AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK AX GF GP MQ RE YT",
    )
)
"""Where a call by an artificial voice needs a consent that can be shown."""
_PERIOD = re.compile(r"P(?:(\d{1,2})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A consent that was given, as the gate needs it."""

    at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    for_ai_voice: bool = True
    missing: tuple[str, ...] = ()
    """Evidence the law wants and the form did not deliver."""


def agreement(
    consent: Consent,
    *,
    country: str,
    submitted_at: datetime | None,
    revoked_at: datetime | None,
    lapses: Callable[[datetime], datetime | None],
    strict: bool,
) -> Agreement:
    """A consent's worth in a country, from its row; without a date of its own it counts from the form's or its arrival.

    `lapses`: when one given at that time ends where no period was stated, as the law of the person's places has it.
    """
    at = consent.at or submitted_at or consent.recorded_at
    return Agreement(
        at=at,
        expires_at=after(at, consent.period) if consent.period else lapses(at),
        revoked_at=revoked_at,
        for_ai_voice=consent.channels is None or not AI_VOICE.isdisjoint(consent.channels),
        missing=tuple(_missing(consent, submitted_at, strict)) if country in EVIDENCED else (),
    )


def objection(agreement: Agreement, now: datetime) -> str | None:
    """Why this consent allows no AI call now, in a word of ours; None when it does."""
    if agreement.revoked_at is not None and agreement.revoked_at <= now:
        return "consent_revoked"
    if agreement.at > now + SKEW:
        return "consent_dated_in_the_future"
    if agreement.expires_at is not None and agreement.expires_at <= now:
        return "consent_expired"
    if not agreement.for_ai_voice:
        return "consent_not_for_ai_voice"
    return "consent_incomplete" if agreement.missing else None


def stated(agreement: Agreement) -> dict[str, Any]:
    """As it stands in a decision's trace."""
    ends = {"expires_at": agreement.expires_at, "revoked_at": agreement.revoked_at}
    return {
        "at": agreement.at.isoformat(),
        "missing": list(agreement.missing),
        **{name: moment.isoformat() for name, moment in ends.items() if moment},
    }


def is_period(text: str) -> bool:
    """Whether a stated period is one: `P6M`, `P1Y`, `P90D`."""
    found = _PERIOD.fullmatch(text)
    return found is not None and any(int(part) for part in found.groups() if part)


def after(at: datetime, period: str) -> datetime:
    """The end of a period stated to the person (ISO 8601). A month that has no such day ends on its last one."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"not a period: {period!r}")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return months_later(at, years * 12 + months) + timedelta(weeks=weeks, days=days)


def _missing(consent: Consent, submitted_at: datetime | None, strict: bool) -> Iterator[str]:
    """A certificate (TrustedForm and the like) holds the page with its words, so it stands for both."""
    if not consent.text and not consent.certificate_url:
        yield "text"
    if not strict:
        return
    if not consent.url and not consent.certificate_url:
        yield "url"
    if consent.at is None and submitted_at is None:
        yield "at"
