"""What can go wrong with a calendar, in the families of `campaign.errors`."""

from campaign.errors import Permanent, Refused, Retryable


class CalendarUnavailable(Retryable):
    """The calendar did not answer, or asked us to slow down; nothing is known about the slot."""

    code = "calendar_unavailable"


class Mismatch(CalendarUnavailable):
    """What the calendar shows is not what was booked."""

    code = "calendar_mismatch"


class CalendarMisconfigured(Permanent):
    """Credentials, sharing or the calendar's id are wrong; a person must mend it."""

    code = "calendar_misconfigured"


class SlotTaken(Refused):
    """Somebody else has that time now; offer another."""

    code = "slot_taken"


class EventExists(Refused):
    """The event id is in use in that calendar, by a live or a deleted event: look before believing anything."""

    code = "event_exists"


class CannotInvite(Refused):
    """The calendar is fine but this account may not send invitations from it."""

    code = "cannot_invite"


class NotThere(CalendarMisconfigured):
    """No such event, or no such calendar for this account (Google does not say which)."""

    code = "not_there"


class Gone(Refused):
    """Deleted for good; for a sync token: too old, only a full read helps."""

    code = "gone"
