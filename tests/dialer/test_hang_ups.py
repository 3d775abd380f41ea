"""Whoever hung up on us is not called again where the law says so; elsewhere it is no bar. (compliance.md, section 2)"""

from datetime import timedelta
from typing import Any

import pytest

from campaign import clock, store
from campaign.records import Attempt, Lead
from dialer import ask, law
from dialer.gate import Verdict
from tests.dialer.stage import CAMPAIGN, Stage, Talk, apply_campaign

NEVADA, NEW_YORK = "+17025550141", "+12125550141"
HUNG_UP = Talk(reached="nobody", wanted=None, ended_by="caller")
KNOWN = "acknowledged: [{rules: US-NV, by: Dana Counsel, date: 2026-11-28, reason: read it all}]"


@pytest.fixture(autouse=True)
def _acknowledged(stage: Stage) -> None:
    apply_campaign(stage.database, CAMPAIGN + KNOWN)


def called(stage: Stage, phone: str, talk: Talk) -> str:
    """The lead of a call that went like this, two hours ago."""
    stage.twilio.script(phone, answer="human")
    stage.talk = talk
    lead_id = stage.lead(phone, received_at=clock.now() - timedelta(hours=3))
    attempt_id = stage.dial(lead_id)
    assert attempt_id, stage.get(Lead, lead_id).reason
    stage.settled(lead_id)
    with stage.database.transaction() as session:
        session.get_one(Attempt, attempt_id).intent_at = clock.now() - timedelta(hours=2)
    return lead_id


def said(stage: Stage, lead_id: str) -> Verdict:
    with stage.database.reading() as session:
        lead = session.get_one(Lead, lead_id)
        campaign, version = store.get(session, lead.campaign)
        return ask.asked(session, lead, campaign, version, clock.now())[0]


def rule(verdict: Verdict) -> dict[str, Any]:
    return next(row for row in verdict.trace if row["rule"] == "hang_up")


def test_who_hung_up_in_nevada_is_not_called_again(stage: Stage) -> None:
    lead_id = called(stage, NEVADA, HUNG_UP)
    lead: Lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.reason) == ("scheduled", "retry_no_answer")
    with stage.database.transaction() as session:
        session.get_one(Lead, lead_id).due_at = clock.now()
    assert stage.dial(lead_id) is None
    lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.reason, stage.twilio.posts(NEVADA)) == ("needs_human", "hung_up", 1)


def test_nor_for_another_lead_of_that_number_that_came_before(stage: Stage) -> None:
    earlier = stage.lead(NEVADA, received_at=clock.now() - timedelta(hours=1))
    called(stage, NEVADA, HUNG_UP)
    verdict = said(stage, earlier)
    assert (verdict.reason, rule(verdict)["inputs"]["forbidden_in"]) == ("hung_up", ["US-NV"])
    later = stage.lead(NEVADA, received_at=clock.now() + timedelta(seconds=1))
    assert said(stage, later).reason == "allowed", "they asked again after they had hung up"


@pytest.mark.parametrize(
    ("phone", "talk"),
    [
        (NEW_YORK, HUNG_UP),
        (NEVADA, Talk(reached="nobody", wanted=None, ended_by="agent")),
        (NEVADA, Talk(reached="voicemail", wanted=None, ended_by="caller")),
        (NEVADA, Talk(wanted="callback", ended_by="caller")),
    ],
    ids=["another state", "we hung up", "a machine hung up", "they asked for another call"],
)
def test_nothing_else_bars_the_next_call(stage: Stage, phone: str, talk: Talk) -> None:
    verdict = said(stage, called(stage, phone, talk))
    assert rule(verdict)["passed"]
    assert verdict.reason != "hung_up"


def test_only_the_row_that_says_so_forbids_it() -> None:
    assert [name for name, one in law.shipped().statutes.items() if one.no_recall] == ["US-NV"]
