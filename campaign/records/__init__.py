"""All tables. Importing this module registers every one with SQLModel's metadata, which the migrations are held to."""

from campaign.records.attempt import Attempt, CallEvent
from campaign.records.booking import Booking, CalendarCell
from campaign.records.calendar import CalendarMirror
from campaign.records.call import Call, ToolUse, Turn
from campaign.records.campaign import CampaignVersion, Source
from campaign.records.consent import Consent
from campaign.records.decision import Decision
from campaign.records.evidence import ChainEntry
from campaign.records.halt import Halt
from campaign.records.inbox import InboxMessage
from campaign.records.lead import OPEN, OUTCOMES, Lead
from campaign.records.outbox import OutboxEntry
from campaign.records.outcome import Outcome
from campaign.records.suppression import Suppression

__all__ = [
    "OPEN",
    "OUTCOMES",
    "Attempt",
    "Booking",
    "CalendarCell",
    "CalendarMirror",
    "Call",
    "CallEvent",
    "CampaignVersion",
    "ChainEntry",
    "Consent",
    "Decision",
    "Halt",
    "InboxMessage",
    "Lead",
    "OutboxEntry",
    "Outcome",
    "Source",
    "Suppression",
    "ToolUse",
    "Turn",
]
