"""Our machine words in plain English, for the timeline and the pages. A word that is not listed reads as itself."""

from collections.abc import Mapping
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
    "consent_incomplete": "it cannot be shown what was agreed to",
    "consent_expired": "the consent has run out",
    "consent_revoked": "the consent was taken back",
    "consent_dated_in_the_future": "the consent is dated in the future",
    "consent_not_for_ai_voice": "the consent does not cover an AI voice",
    "on_a_do_not_call_list": "the number is on a do-not-call list",
    "number_reassigned": "the number has a new owner since",
    "known_litigator": "the number is on the list of litigators",
    "no_do_not_call_list": "without consent this country wants a do-not-call list asked, and the campaign names none",
    "scrub_stale": "a list must be asked first",
    "suppressed": "this number asked not to be called",
    "not_a_phone_number": "this is not a phone number",
    "not_a_valid_number": "this number cannot exist",
    "country_not_allowed": "we do not call this country",
    "premium_rate": "this is a premium-rate number",
    "toll_free": "this is a toll-free number",
    "outside_calling_hours": "outside calling hours",
    "outside_campaign_hours": "outside this campaign's hours",
    "no_window_in_horizon": "there is no time within 90 days at which we may call",
    "consent_expires_before_next_window": "the consent lapses before we may call",
    "rules_not_acknowledged": "nobody has answered for the calling rules there",
    "no_rules_for_this_place": "we have no calling rules for this place",
    "rolling_cap": "called as often as the law there allows",
    "refused_lately": "said no, and the law there wants a pause",
    "hung_up": "hung up on us, and the law there allows no second call",
    "blackout": "calling is suspended there",
    "clock_went_back": "the clock went back",
    "not_before": "not due yet",
    "pay_per_call": "this is a pay-per-call number",
    "uan": "this is a company's access number",
    "pager": "this is a pager",
    "attempts_exhausted": "no attempts left",
    "no_answer": "nobody answered",
    "no_answer_exhausted": "nobody answered, no attempts left",
    "busy_exhausted": "always busy, no attempts left",
    "voicemail_exhausted": "only voicemail, no attempts left",
    "screening_exhausted": "stopped by call screening, no attempts left",
    "failed_exhausted": "the call could not be completed, no attempts left",
    "transient_exhausted": "the network kept failing, no attempts left",
    "dropped_exhausted": "the line kept breaking, no attempts left",
    "try_sms": "not reached by phone; to be written to by SMS",
    "try_email": "not reached by phone; to be written to by email",
    "already_answered": "we have spoken to this person since",
    "already_in_a_call": "this number is on the phone with us",
    "callback_promised": "we promised to call back",
    "blocked_by_networks": "networks block it",
    "few_answers": "hardly anybody answers it",
    "declined_by_network": "declined by a network",
    "no_text_consent": "their consent does not name texts",
    "talked_since": "we have talked since",
    "meeting_gone": "the meeting is gone",
    "too_late": "too late to be of use",
    "answer_lost": "the carrier's answer was lost",
    "no_mobile": "no phone that takes texts",
    "our_account": "a matter of our account",
    "our_number": "our number cannot text there",
    "our_words": "our words were not accepted",
    "our_parameters": "our settings were not accepted",
    "unregistered": "our number is not registered for texts",
    "daily_limit": "the day's limit of texts is reached",
    "handset_off": "the phone cannot be reached",
    "filtered": "filtered by the carrier",
    "missed_call": "after a missed call",
    "confirmation": "confirms the meeting",
    "reminder": "reminds of the meeting",
    "withheld": "not sent",
    "undelivered": "not delivered",
    "they_rang_us": "they rang us, nothing new came of it",
    "rang_off": "they rang off before anybody spoke",
    "put_through": "talked with a colleague",
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
    "lines_busy": "all lines are busy",
    "paced": "in line for the next free second",
    "budget_spent": "today's money is spent",
    "budget_reserved": "calls under way may need the rest of today's money",
    "lead_budget_spent": "enough money was spent on this lead",
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


def style(settings: Mapping[str, Any]) -> str:
    """How the agent spoke and listened, in a line: `marin, speed 1.1, effort low, transcribed by gpt-4o-transcribe`."""
    named = {"speed": "speed", "reasoning_effort": "effort", "noise_reduction": "noise reduction"}
    words = [str(settings.get("voice") or "–")]
    words += [f"{name} {settings[key]}" for key, name in named.items() if settings.get(key)]
    if settings.get("transcription_model"):
        words.append(f"transcribed by {settings['transcription_model']}")
    return ", ".join(words)


def said(value: Any) -> str:
    """An answer as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    return ", ".join(said(one) for one in value) if isinstance(value, list) else str(value)
