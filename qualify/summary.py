"""The deterministic summary of a call, from the ledger: what the calendar and the CRM are told when no model writes one."""

from collections.abc import Mapping
from typing import Any

from qualify.playbook import Playbook

WANTED = {
    "booked": "Booked a meeting.",
    "qualified": "Qualified; no meeting was booked.",
    "not_qualified": "Not qualified.",
    "callback": "Asked to be called back.",
    "declined": "Not interested.",
    "opted_out": "Asked never to be called again.",
    "needs_human": "A colleague should call back.",
}


def answer_lines(playbook: Playbook | None, answers: Mapping[str, Any]) -> str:
    """One line each, "- Do you own your home? yes", in the playbook's order."""
    questions = {q.id: (q.ask, q.unit) for q in playbook.questions} if playbook else {}
    ordered = [key for key in questions if key in answers] + [key for key in answers if key not in questions]
    lines = []
    for key in ordered:
        ask, unit = questions.get(key, (key, ""))
        lines.append(f"- {ask} {answers[key]}{' ' + unit if unit else ''}")
    return "\n".join(lines)


def from_ledger(
    playbook: Playbook | None, reached: str, wanted: str | None, answers: Mapping[str, Any], booked: str = ""
) -> str:
    """A sentence or two and the answers, the same for the same ledger."""
    if wanted is None:
        head = (
            "A person answered, and the call broke off."
            if reached == "human"
            else f"No conversation: reached {reached}."
        )
    else:
        head = WANTED.get(wanted, wanted)
    said = f"{head} Meeting: {booked}." if booked else head
    return "\n".join(part for part in (said, answer_lines(playbook, answers)) if part)
