"""What the gate decides on: everything it may know about a lead at one instant, gathered beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaign.phone import Phone, Undialable
from dialer import law
from dialer.agreement import Agreement
from dialer.law import Table
from dialer.list_rules import Answer
from dialer.resolver import Place


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
    table: Table = field(default_factory=law.shipped)
    """The jurisdiction rules in force."""
    scrubs: Mapping[str, Answer] = field(default_factory=dict)
    """What each list said of the number the last time."""
    agreement: Agreement | None = None
    """What that consent is worth, when it was given."""
    refused_at: datetime | None = None
    """When the person last said no, since this lead came in."""
    hung_up_at: datetime | None = None
    """When the person last hung up on us, since this lead came in and without having asked for a call since."""
    broke_off: bool = False
    """The last call broke in mid-conversation, so that the house's gap need not be kept."""
