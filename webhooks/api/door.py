"""`GET /leads`, `GET /leads/{lead_id}`, `POST /leads/{lead_id}/opt-out` and `…/erase`: bearer token only."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from campaign import clock
from campaign.records import Lead
from dialer import erasure
from webhooks import bearer, ground, optout
from webhooks.api import shapes, stories
from webhooks.openapi import problems
from webhooks.problems import Problem, refusing

router = APIRouter(tags=["leads"], dependencies=[Depends(bearer.required)])
WORD = r"^[a-z0-9_]{1,80}$"


@router.get("/leads", responses=problems(401, 422, 503))
async def leads(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(pattern=WORD, description="`next` of the page before")] = None,
    status: Annotated[str | None, Query(pattern=WORD, description="Only leads in this state")] = None,
) -> shapes.LeadPage:
    """Leads, newest first."""

    def read() -> shapes.LeadPage:
        with ground.of(request).database.reading() as session:
            return stories.page(session, limit=limit, before=before, status=status)

    return await run_in_threadpool(read)


@router.get("/leads/{lead_id}", responses=problems(401, 404, 503))
async def lead(request: Request, lead_id: str) -> shapes.LeadStory:
    """A lead with its whole decision timeline: why it was or was not called, and what came of it."""

    def read() -> shapes.LeadStory:
        with ground.of(request).database.reading() as session:
            return stories.story(session, find(session, lead_id))

    return await run_in_threadpool(read)


@router.post("/leads/{lead_id}/opt-out", responses=problems(401, 404, 503))
async def opt_out(request: Request, lead_id: str) -> shapes.OptedOut:
    """Never call this person again: suppresses the number everywhere, and ends a call that is under way."""
    here = ground.of(request)

    def write() -> shapes.OptedOut:
        with here.database.transaction() as session:
            found = find(session, lead_id)
            live = optout.stop(session, found, channel="api", now=clock.now())
            answer = shapes.OptedOut(lead_id=found.id, status=found.state, suppressed=found.phone is not None)
        for attempt_id in live:
            here.tell_call(attempt_id, {"kind": "opt_out"})
        return answer

    return await run_in_threadpool(write)


@router.post("/leads/{lead_id}/erase", responses=problems(401, 404, 422, 503))
async def erase(request: Request, lead_id: str, wanted: shapes.Erasure) -> shapes.Erased:
    """Delete a person's data: every lead of the number, words, recordings. Proofs and stops stay as hashes."""

    def write() -> shapes.Erased:
        with ground.of(request).database.transaction() as session:
            found = find(session, lead_id)
            leads = erasure.of_person(session, found.phone) if found.phone else [found]
            done = erasure.erase(session, leads, by=wanted.by, reason=wanted.reason, now=clock.now())
            return shapes.Erased(lead_ids=[lead.id for lead in leads], counts=done.counts)

    return await run_in_threadpool(refusing, write)


def find(session: Session, lead_id: str) -> Lead:
    found = session.get(Lead, lead_id) if "\x00" not in lead_id else None
    if found is None:
        raise Problem(404, "unknown_lead", "There is no lead with this id.")
    return found
