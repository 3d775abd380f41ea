"""`/console/operations`: the kill switch and the brakes in force, and what could not be read or delivered, to be tried again."""

from fastapi import APIRouter, Request
from sqlmodel import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from campaign import clock, effects, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.records import Halt, InboxMessage, OutboxEntry
from dialer import brakes
from webhooks import ground, pages
from webhooks.console import sessions
from webhooks.console.door import Session, own_form
from webhooks.leads import replay
from webhooks.problems import Problem

router = APIRouter(prefix="/console/operations", include_in_schema=False)
PAGE = "/console/operations"
SHOWN = 50


@router.get("")
async def operations(request: Request, session: Session) -> Response:
    here = ground.of(request)
    halts, scopes, undelivered, unread = await run_in_threadpool(_read, here.database)
    return pages.page(
        request,
        "operations.html",
        halts=halts,
        scopes=scopes,
        undelivered=undelivered,
        unread=unread,
        form_token=sessions.form_token(here.settings, session),
    )


@router.post("/halt")
async def halt(request: Request, session: Session) -> Response:
    """Stop dialing: no new call from this commit on."""
    form = await own_form(request, session)

    def write(database: Database) -> None:
        with database.transaction() as writing:
            brakes.stop(
                writing, form.get("scope", ""), form.get("reason", "")[:200] or "stopped in the console", clock.now()
            )

    try:
        await run_in_threadpool(write, ground.of(request).database)
    except Permanent as error:
        raise Problem(422, error.code, "There is no such thing to stop.") from error
    return RedirectResponse(PAGE, 303)


@router.post("/resume")
async def resume(request: Request, session: Session) -> Response:
    form = await own_form(request, session)

    def write(database: Database) -> None:
        with database.transaction() as writing:
            brakes.release(writing, form.get("scope", ""))

    await run_in_threadpool(write, ground.of(request).database)
    return RedirectResponse(PAGE, 303)


@router.post("/replay")
async def again(request: Request, session: Session) -> Response:
    """One dead letter: an outbox entry is due again, a message is read again."""
    letter = (await own_form(request, session)).get("id", "")

    def write(database: Database) -> None:
        with database.transaction() as writing:
            row = writing.get(InboxMessage, letter)
            if row is not None and row.state == "review":
                replay.again(writing, row, clock.now())
            elif letter:
                effects.due_again(writing, letter, clock.now())

    await run_in_threadpool(write, ground.of(request).database)
    return RedirectResponse(PAGE, 303)


def _read(database: Database) -> tuple[list[Halt], list[str], list[OutboxEntry], list[InboxMessage]]:
    now = clock.now()
    with database.reading() as reading:
        halts = [row for row in reading.exec(select(Halt).order_by(Halt.scope)) if row.until is None or row.until > now]
        scopes = ["account", *(f"campaign:{row.name}" for row in store.active(reading))]
        due = select(OutboxEntry).where(OutboxEntry.state == "review").limit(SHOWN)
        return halts, scopes, list(reading.exec(due)), replay.letters(reading)[:SHOWN]
