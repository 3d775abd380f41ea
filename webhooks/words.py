"""Our machine words in plain English, for the timeline and the pages. A word that is not listed reads as itself."""

from typing import Any

PLAIN = {
    "scheduled": "waiting",
    "in_call": "on the phone",
    "wrapping_up": "wrapping up",
    "not_qualified": "not a fit",
    "opted_out": "asked not to be called",
    "needs_human": "needs a person",
    "unreachable": "could not be reached",
    "callback": "call back later",
    "no_consent": "no consent was given",
    "suppressed": "this number asked not to be called",
    "not_a_phone_number": "this is not a phone number",
    "not_a_valid_number": "this number cannot exist",
    "country_not_allowed": "we do not call this country",
    "premium_rate": "this is a premium-rate number",
    "toll_free": "this is a toll-free number",
    "outside_calling_hours": "outside calling hours",
    "attempts_exhausted": "no attempts left",
    "no_answer": "nobody answered",
    "no_answer_exhausted": "nobody answered, no attempts left",
    "busy_exhausted": "always busy, no attempts left",
    "voicemail_exhausted": "only voicemail, no attempts left",
    "screening_exhausted": "stopped by call screening, no attempts left",
    "failed_exhausted": "the call could not be completed, no attempts left",
    "transient_exhausted": "the network kept failing, no attempts left",
    "dropped_exhausted": "the line kept breaking, no attempts left",
    "already_answered": "we have spoken to this person since",
    "already_in_a_call": "this number is on the phone with us",
    "callback_promised": "we promised to call back",
    "per_day_cap": "called often enough today",
    "no_caller_id": "no number to call from",
    "no_calling_hours": "there is no time at which we may call",
    "our_own_number": "this is a number of ours",
    "carrier_blocked": "the carrier blocks this number",
    "non_geographic": "this number belongs to no country",
    "shared_cost": "this is a shared-cost number",
    "personal_number": "this is a forwarding number that may cost extra",
    "broken_off": "the line broke in mid-conversation",
    "conversation_failed": "the conversation failed on our side",
    "too_soon": "too soon after the last attempt",
    "halted": "calling is halted",
    "machine_start": "a machine",
    "machine_end_beep": "a machine (beep)",
    "machine_end_silence": "a machine (silence)",
    "machine_end_other": "a machine",
    "fax": "a fax",
    "system": "our side",
    "already_received": "we already had this lead",
    "human": "a person",
    "machine": "a machine",
    "nobody": "nobody was reached",
    "retry": "try again",
    "qualifies": "qualified",
    "agent": "the agent",
    "caller": "the caller",
    "carrier": "the carrier",
    "supervisor": "a supervisor",
}
ENDED = {
    "booked": "a meeting is in the calendar",
    "qualified": "a good fit, no meeting yet",
    "not_qualified": "did not meet the campaign's criteria",
    "declined": "not interested",
    "opted_out": "said stop; no more calls to this number",
    "needs_human": "a person of the team should follow up",
    "callback": "wants to be called later",
    "dialing": "placing the call",
    "ringing": "the phone is ringing",
    "in_call": "talking with our agent",
    "wrapping_up": "the call is over, results are being written",
}
"""What a state means in a few words, where its reason says nothing more."""
SILENT_REASONS = frozenset({"", "ok", "allowed", "answered", "opted_out"})


def plain(word: str | None) -> str:
    return PLAIN.get(word or "", (word or "").replace("_", " "))


def in_short(state: str, reason: str | None) -> str:
    """Why a lead is where it is, for a list: its reason, or what the state means when the reason adds nothing."""
    return ENDED.get(state, "") if (reason or "") in SILENT_REASONS else plain(reason)


def said(value: Any) -> str:
    """An answer as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    return ", ".join(said(one) for one in value) if isinstance(value, list) else str(value)
