"""Writing a finished conversation down: call, turns and tool uses in one transaction, then the job that wraps it up."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from campaign import ids, once
from campaign.database import Database, after_commit, storable
from campaign.jobs import Job
from campaign.records import Attempt, Call, Disclosure, Lead, ToolUse, Turn
from campaign.suppression import suppress
from qualify import outcome
from qualify.comeback import BEFORE
from qualify.talk import Talk
from qualify.tool_ledger import public
from qualify.tools.desk import Desk
from webhooks.media.case import Case

MACHINES = frozenset({"voicemail", "machine"})
"""Calls whose whole cost was spent on a machine."""


def write(database: Database, case: Case, talk: Talk, desk: Desk, tape: bytes, now: datetime) -> outcome.Outcome:
    """Idempotent: a call already closed keeps its first account. One that came back is added to what was written before."""
    result, attempt_id, earlier = outcome.settle(talk, desk), case.attempt.id, case.earlier
    with database.transaction() as session:
        call = session.get(Call, attempt_id)
        if call is None or call.ended_at is not None:
            return result
        call.ended_at, call.ended_by = now, talk.ending.by
        call.language = talk.terms.language
        call.reached, call.wanted = result.reached, result.wanted
        call.disclosed_at_ms = talk.greeting.heard_ms
        call.settings = call.settings | {"model_used": talk.model_used}
        call.answers = dict(desk.answers)
        spent = talk.usage.usd
        call.cost_usd = spent
        call.usage = talk.usage.report() | {"machine_usd": spent if result.reached in MACHINES else 0.0}
        call.latency = talk.latency.report(talk.counts) | {"counts": dict(talk.counts), "line": talk.uplink.trouble()}
        call.flags = [dict(flag) for flag in result.flags]
        if earlier is not None:
            call.usage["earlier"], call.latency["earlier"] = earlier.usage, earlier.latency
            call.cost_usd = round(call.cost_usd + earlier.cost_usd, 6)
            call.flags = [*earlier.flags, *call.flags]
        call.tape = tape
        session.add(call)
        _disclosed(session, call, now)
        session.add_all(_turns(attempt_id, talk, earlier.turns if earlier else 0))
        session.add_all(_uses(attempt_id, talk, "2/" if earlier else ""))
        if talk.opted_out:  # a second time, should the database have been away at the moment it was said
            number = session.get_one(Attempt, attempt_id).to_number
            suppress(
                session,
                number,
                reason="opted_out",
                channel=talk.opted_out,
                now=now,
                lead_id=desk.lead.id,
                attempt_id=attempt_id,
            )
        if desk.callback_at is not None and result.wanted == "callback":
            lead = session.get(Lead, desk.lead.id)
            if lead is not None:
                lead.callback_at, lead.updated_at = desk.callback_at, now
                session.add(lead)
        after_commit(session, Job.WRAP_UP, attempt_id)
    return result


def _disclosed(session: Session, call: Call, now: datetime) -> None:
    """Evidence of its own, kept when the conversation's other data is not. What was heard before a transfer stands."""
    if call.disclosed_at_ms is None:
        return
    row = Disclosure(
        id=ids.new("dis"),
        lead_id=call.lead_id,
        attempt_id=call.attempt_id,
        campaign=call.campaign,
        at=(call.started_at or now) + timedelta(milliseconds=call.disclosed_at_ms),
        offset_ms=call.disclosed_at_ms,
        language=call.language,
        playbook_sha256=call.playbook_sha256,
        salt=secrets.token_hex(16),
    )
    once.insert(session, row)


def _turns(attempt_id: str, talk: Talk, written: int) -> list[Turn]:
    lines = [line for line in talk.transcript.lines if line.text.strip() and not line.item_id.startswith(BEFORE)]
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
        for number, line in enumerate(lines, written + 1)
    ]


def _uses(attempt_id: str, talk: Talk, prefix: str) -> list[ToolUse]:
    """`prefix` keeps the calls of two model sessions apart: their ids are the model's, and unique in one session only."""
    return [
        ToolUse(
            attempt_id=attempt_id,
            call_id=prefix + use.call_id,
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
