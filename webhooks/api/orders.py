"""`POST /calls/{attempt_id}/orders`: what a supervisor wants of a live call; bearer token only."""

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from webhooks import bearer, ground, supervising
from webhooks.api import shapes
from webhooks.openapi import problems

router = APIRouter(tags=["calls"], dependencies=[Depends(bearer.required)])


@router.post("/calls/{attempt_id}/orders", status_code=202, responses=problems(401, 404, 409, 422, 503))
async def order(request: Request, attempt_id: str, wanted: supervising.CallOrder) -> shapes.OrderTaken:
    """Take a live call over, whisper to its agent, have it say something, hang up, or never call the person again.

    A take-over rings the named person of the roster, who accepts by key; if they don't, the agent takes the call back.
    Every order stands in the call's transcript, with who gave it.
    """
    await run_in_threadpool(supervising.give, ground.of(request), attempt_id, wanted)
    return shapes.OrderTaken(attempt_id=attempt_id, order=wanted.order)
