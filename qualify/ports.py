"""What the conversation needs of the outside, as protocols: a way to handle the phone call, and a calendar.

The root hands them in (`dialer.carrier.Carrier`, `calendar_sync.calendar.Calendar`); both block and run in threads.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, Protocol

from campaign.file import Campaign
from campaign.records import Booking, Lead
from qualify.commands import Transfer
from qualify.events import Event

Feed = Callable[[Event], None]
"""One event for the session, whose commands are carried out before this returns."""


class CallControl(Protocol):
    """The live call at the carrier. Ending a call that is already over is a success."""

    def end(self, call_sid: str) -> Any: ...

    def redirect(self, call_sid: str, twiml: str, time_limit: int | None = None) -> Any: ...

    def start_recording(self, call_sid: str, status_callback: str) -> str | None:
        """The recording's sid; None when the call can't be recorded."""

    def pause_recording(self, call_sid: str) -> Any: ...

    def resume_recording(self, call_sid: str) -> Any: ...

    def discard_recording(self, call_sid: str, recording_sid: str | None) -> Any:
        """Stop and delete it, and whatever else was recorded of the call."""


class OpenSlot(Protocol):
    """A free time of one person."""

    @property
    def person(self) -> str: ...

    @property
    def calendar(self) -> str: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


class Calendars(Protocol):
    """Raises `Retryable` when it cannot be asked, `Refused` when a slot is taken, `Permanent` when it is set up wrong."""

    def prefetch(self, campaign: Campaign, now: datetime) -> None:
        """Read ahead, so that the next offer need not wait."""

    def offer(
        self,
        campaign: Campaign,
        zone: str,
        now: datetime,
        *,
        limit: int = 3,
        prefer: str = "any",
        day: date | None = None,
        avoid: Collection[datetime] = (),
    ) -> list[Any]: ...

    def book(
        self, campaign: Campaign, lead: Lead, attempt_id: str, slot: Any, *, zone: str, summary: str, now: datetime
    ) -> Booking: ...


class Hands(Protocol):
    """What a live call may do to the world, bound to that call. All but `tell` block and run in threads."""

    def hang_up(self) -> None: ...

    def transfer(self, transfer: Transfer) -> None: ...

    def start_recording(self) -> None: ...

    def pause_recording(self) -> None: ...

    def resume_recording(self) -> None: ...

    def discard_recording(self) -> None: ...

    def suppress(self, channel: str) -> None: ...

    def reached(self, who: str) -> None:
        """Who is on the phone, so that a late verdict of the carrier hangs up on nobody."""

    def leave_message(self) -> None:
        """Have the carrier say the campaign's message and hang up; once."""

    def speak_in(self, language: str) -> None: ...

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """To whoever watches; never blocks, may be lost."""
