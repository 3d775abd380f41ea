"""Writing a finished conversation down: call, turns and tool uses in one transaction, then the job that wraps it up."""

import json
from datetime import datetime
from typing import Any

from campaign.database import Database, after_commit, storable
from campaign.jobs import Job
from campaign.records import Attempt, Call, Lead, ToolUse, Turn
from campaign.suppression import suppress
from qualify import outcome
from qualify.talk import Talk
from qualify.tooling import public
from qualify.tools.desk import Desk


def write(database: Database, attempt_id: str, talk: Talk, desk: Desk, tape: bytes, now: datetime) -> outcome.Outcome:
    """Idempotent: a call already closed keeps its first account."""
    result = outcome.settle(talk, desk)
    with database.transaction() as session:
        call = session.get(Call, attempt_id)
        if call is None or call.ended_at is not None:
            return result
        call.ended_at, call.ended_by = now, talk.ending.by
        call.reached, call.wanted = result.reached, result.wanted
        call.disclosed_at_ms = talk.greeting.heard_ms
        call.answers = dict(desk.answers)
        call.usage, call.cost_usd = talk.usage.report(), talk.usage.usd
        call.latency = talk.latency.report() | {"counts": dict(talk.counts)}
        call.flags = [dict(flag) for flag in result.flags]
        call.tape = tape
        session.add(call)
        session.add_all(_turns(attempt_id, talk))
        session.add_all(_uses(attempt_id, talk))
        if talk.opted_out:  # a second time, should the database have been away at the moment it was said
            number = session.get_one(Attempt, attempt_id).to_number
            suppress(session, number, reason="opted_out", channel=talk.opted_out, now=now, lead_id=desk.lead.id)
        if desk.callback_at is not None and result.wanted == "callback":
            lead = session.get(Lead, desk.lead.id)
            if lead is not None:
                lead.callback_at, lead.updated_at = desk.callback_at, now
                session.add(lead)
        after_commit(session, Job.WRAP_UP, attempt_id)
    return result


def _turns(attempt_id: str, talk: Talk) -> list[Turn]:
    lines = [line for line in talk.transcript.lines if line.text.strip()]
    return [
        Turn(
            attempt_id=attempt_id,
            seq=number,
            role=line.role,
            text=storable(line.heard.strip()),
            unheard=storable(line.unheard),
            started_ms=line.started_ms,
            ended_ms=max(line.started_ms, line.ended_ms),
        )
        for number, line in enumerate(lines, 1)
    ]


def _uses(attempt_id: str, talk: Talk) -> list[ToolUse]:
    return [
        ToolUse(
            attempt_id=attempt_id,
            call_id=use.call_id,
            name=use.name,
            arguments=_arguments(use.arguments),
            result=public(use.result) or {"error": "unanswered"},
            started_ms=talk.ms(use.asked_at),
            took_ms=round(((use.answered_at or use.asked_at) - use.asked_at) * 1000),
        )
        for use in talk.tools.uses.values()
    ]


def _arguments(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return {"malformed": text[:500]}
    return given if isinstance(given, dict) else {"malformed": str(given)[:500]}
