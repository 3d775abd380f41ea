"""`POST /consents/export`: the consent packet of a number, as JSON; bearer token only. The number travels in the body."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from campaign import clock
from webhooks import bearer, ground, packet
from webhooks.openapi import problems
from webhooks.problems import refusing

router = APIRouter(tags=["consents"], dependencies=[Depends(bearer.required)])


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    phone: str = Field(
        min_length=3, max_length=64, description="In E.164, or with its country; also of an erased person"
    )
    country: str = Field("", pattern="^([A-Za-z]{2})?$")
    by: str = Field("api", max_length=60, pattern="^[^\x00]*$", description="Who asks; stands on the packet")


@router.post("/consents/export", responses=problems(401, 422, 503))
async def export(request: Request, wanted: Wanted) -> dict[str, Any]:
    """Consents, what became of them, decisions, calls with their disclosure, stops, each with its proof."""

    def read() -> dict[str, Any]:
        number = packet.number(wanted.phone, wanted.country)
        with ground.of(request).database.reading() as session:
            return packet.gather(session, number, by=wanted.by, now=clock.now())

    return await run_in_threadpool(refusing, read)
