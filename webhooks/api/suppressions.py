"""`/suppressions`: the list of who must not be called, to read, to add to, and to take a list into; bearer token only.

Numbers travel in bodies, never in addresses, which end up in logs.
"""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from campaign import clock, suppression_list
from campaign.suppression import GLOBAL
from webhooks import bearer, bodies, ground, suppressing
from webhooks.openapi import problems
from webhooks.problems import refusing

router = APIRouter(tags=["suppressions"], dependencies=[Depends(bearer.required)])
LIST_LIMIT = 8 * 1024 * 1024
CSV = {"text/csv": {"schema": {"type": "string"}}}


class Listing(BaseModel):
    """A number or a person, for one campaign or all."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    who: str = Field(
        min_length=3, max_length=254, pattern="^[^\x00]*$", description="A number, or an address for any number"
    )
    country: str = Field("", pattern="^([A-Za-z]{2})?$", description="Of a number written without +")
    scope: str = Field(GLOBAL, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="A campaign's name, or `global`")
    reason: str = Field("request", max_length=254, pattern="^[^\x00]*$")
    by: str = Field("", max_length=60, pattern="^[^\x00]*$", description="Who asks for it; kept as evidence")


class Listed(BaseModel):
    changed: bool = Field(description="False when the list said so already")


class RefusedLine(BaseModel):
    line: int
    message: str


class TakenIn(BaseModel):
    added: int
    known: int
    refused: list[RefusedLine]


@router.post("/suppressions", responses=problems(401, 422, 503))
async def add(request: Request, wanted: Listing) -> Listed:
    """Never call this number or person again: waiting calls are taken back, consents revoked, a live call ended."""

    def write() -> Listed:
        with ground.of(request).database.transaction() as session:
            by = wanted.by or "api"
            return Listed(changed=suppressing.add(session, _entry(wanted), channel="api", by=by, now=clock.now()))

    return await run_in_threadpool(refusing, write)


@router.post("/suppressions/remove", responses=problems(401, 422, 503))
async def remove(request: Request, wanted: Listing) -> Listed:
    """Take an entry off the list, e.g. an import's mistake. The person must still agree anew before a call."""

    def write() -> Listed:
        with ground.of(request).database.transaction() as session:
            gone = suppressing.remove(session, _entry(wanted), by=wanted.by or "api", now=clock.now())
            return Listed(changed=gone > 0)

    return await run_in_threadpool(refusing, write)


@router.get("/suppressions", response_class=PlainTextResponse, responses={200: {"content": CSV}, **problems(401, 503)})
async def export(request: Request) -> PlainTextResponse:
    """The whole list as CSV; erased people stand in it as hashes that only this installation recognises."""

    def read() -> str:
        page = io.StringIO()
        with ground.of(request).database.reading() as session:
            csv.writer(page).writerows(suppressing.export(session))
        return page.getvalue()

    return PlainTextResponse(await run_in_threadpool(read), media_type="text/csv")


@router.post(
    "/suppressions/import",
    responses=problems(401, 413, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": CSV}},
)
async def take_in(
    request: Request, country: Annotated[str, Query(pattern="^([A-Za-z]{2})?$")] = "", by: str = "api"
) -> TakenIn:
    """Suppress everybody on a CSV list (`phone` or `email`, `country`, `scope`, `reason`); refused lines are told."""
    lines = io.StringIO((await bodies.read(request, LIST_LIMIT)).decode("utf-8-sig", "replace").replace("\x00", "�"))
    here = ground.of(request)

    def write() -> TakenIn:
        report = suppressing.take_in(here.database, lines, country=country, by=by[:60], now=clock.now())
        refused = [RefusedLine(line=fault.line, message=fault.what) for fault in report.refused]
        return TakenIn(added=report.added, known=report.known, refused=refused)

    return await run_in_threadpool(refusing, write)


def _entry(wanted: Listing) -> suppression_list.Entry:
    return suppression_list.entry(wanted.who, country=wanted.country, scope=wanted.scope, reason=wanted.reason)
