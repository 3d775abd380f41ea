"""All tables. Importing this module registers every one with SQLModel's metadata, which the migrations are held to."""

from campaign.records.attempt import Attempt, CallEvent
from campaign.records.audit import AuditEntry
from campaign.records.booking import Booking, CalendarCell
from campaign.records.calendar import CalendarMirror
from campaign.records.call import Call, ToolUse, Turn
from campaign.records.campaign import CampaignVersion, Source
from campaign.records.consent import Consent
from campaign.records.consent_event import ConsentEvent
from campaign.records.decision import Decision
from campaign.records.disclosure import Disclosure
from campaign.records.evidence import ChainEntry
from campaign.records.halt import Halt
from campaign.records.hash_key import HashKey
from campaign.records.inbound import InboundCall
from campaign.records.inbox import InboxMessage
from campaign.records.lead import OPEN, OUTCOMES, Lead
from campaign.records.outbox import OutboxEntry
from campaign.records.outcome import Outcome
from campaign.records.pace import Pace
from campaign.records.promise import Promise
from campaign.records.rule_set import RuleSet
from campaign.records.scrub import Scrub
from campaign.records.suppression import Suppression
from campaign.records.text_message import TextMessage

__all__ = [
    "OPEN",
    "OUTCOMES",
    "Attempt",
    "AuditEntry",
    "Booking",
    "CalendarCell",
    "CalendarMirror",
    "Call",
    "CallEvent",
    "CampaignVersion",
    "ChainEntry",
    "Consent",
    "ConsentEvent",
    "Decision",
    "Disclosure",
    "Halt",
    "HashKey",
    "InboundCall",
    "InboxMessage",
    "Lead",
    "OutboxEntry",
    "Outcome",
    "Pace",
    "Promise",
    "RuleSet",
    "Scrub",
    "Source",
    "Suppression",
    "TextMessage",
    "ToolUse",
    "Turn",
]
