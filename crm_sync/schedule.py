"""When an entry is tried again, and when a person must look instead. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.errors import FirstringError
from crm_sync.errors import CrmPaused, CrmRefused

# Seconds before the 2nd, 3rd, … try: an hour's outage costs minutes, a dead CRM is given up after two days.
WAITS_S = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
LONGEST_S = 86_400.0
"""However long a CRM asks us to wait, it is asked again after a day."""


@dataclass(frozen=True, slots=True)
class Again:
    """Due again at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class PauseAll:
    """Nothing of the outbox before `until`; the try does not count."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A person must look."""


def after(error: FirstringError, tries: int, now: datetime, jitter: float) -> Again | PauseAll | Review:
    """`tries` counts this one; `jitter` in [0, 1) spreads entries that failed together."""
    if isinstance(error, CrmRefused) or tries > len(WAITS_S):
        return Review()
    asked = min(float(getattr(error, "retry_after", None) or 0), LONGEST_S)
    if isinstance(error, CrmPaused):
        return PauseAll(now + timedelta(seconds=asked))
    wait = WAITS_S[tries - 1] * (1 + 0.2 * jitter)
    return Again(now + timedelta(seconds=max(wait, asked)))
