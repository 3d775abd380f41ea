"""What the gate decides on: everything it may know about a lead at one instant, gathered beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.phone import Phone, Undialable
from dialer.places import Place


@dataclass(frozen=True, slots=True)
class Facts:
    number: Phone | Undialable
    place: Place | None
    """None when the number is undialable."""
    consent: bool | None
    """The newest consent for this number: given, refused, or None when none was ever captured."""
    suppression: str | None
    """The reason of the suppression that binds, if any."""
    halts: Mapping[str, datetime | None]
    """Brakes in force by scope, each with its end."""
    tried: int
    """Attempts of this lead that count."""
    rang: tuple[datetime, ...]
    """When this number was tried, by any lead, oldest first."""
    on_the_phone: bool
    """Another attempt to this number is not settled yet."""
    promised: datetime | None
    """The callback the person asked for."""
    last_caller: str | None
    """The caller ID this lead has seen."""
    answered: str | None = None
    """What a conversation with this number came to that another lead of the campaign led to, after this one came in."""
