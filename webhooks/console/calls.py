"""`/console/calls/{attempt_id}`: a live call as it is heard, with what a supervisor may do about it. Works without script.

The transcript is a page of its own inside this one: it reloads by itself without emptying a field somebody types in.
"""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlmodel import Session as Reading
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from campaign import clock, roster, store
from campaign.records import Attempt, Call, Lead
from webhooks import ground, pages, supervising
from webhooks.console import sessions
from webhooks.console.door import Session, own_form
from webhooks.problems import Problem

router = APIRouter(prefix="/console/calls", include_in_schema=False)
FIELDS = {"take_over": ("person",), "whisper": ("text",), "speak": ("text",)}
DONE = {
    "take_over": "Ringing your colleague; the agent has fallen silent.",
    "whisper": "The agent has been told.",
    "speak": "The agent says it now.",
    "hang_up": "The call is being ended.",
    "opt_out": "This person will not be called again; the agent says goodbye.",
}


@router.get("/{attempt_id}")
async def watch(request: Request, session: Session, attempt_id: str, by: str = "", done: str = "") -> Response:
    here = ground.of(request)

    def read() -> dict[str, Any]:
        with here.database.reading() as reading:
            attempt = supervising.find(reading, attempt_id)
            campaign, _ = store.get(reading, attempt.campaign)
            working = {person.name for person in roster.on_duty(campaign, clock.now())}
            people = [(person.name, person.name in working) for person in campaign.people if person.phone]
            lead = reading.get_one(Lead, attempt.lead_id)
            return {"attempt": attempt, "lead": lead, "people": people, "live": _live(reading, attempt)}

    return pages.page(
        request,
        "watch.html",
        **await run_in_threadpool(read),
        by=by[:60],
        done=DONE.get(done, ""),
        form_token=sessions.form_token(here.settings, session),
    )


@router.get("/{attempt_id}/told")
async def told(request: Request, session: Session, attempt_id: str) -> Response:
    here = ground.of(request)

    def read() -> dict[str, Any]:
        with here.database.reading() as reading:
            attempt = supervising.find(reading, attempt_id)
            return {"lead_id": attempt.lead_id, "live": _live(reading, attempt), "told": here.told(attempt.id)}

    return pages.page(request, "told.html", **await run_in_threadpool(read))


@router.post("/{attempt_id}/orders")
async def order(request: Request, session: Session, attempt_id: str) -> Response:
    form = await own_form(request, session)
    try:
        wanted = supervising.CallOrder.model_validate(_fields(form))
    except ValidationError as error:
        raise Problem(422, "invalid_request", "This order is not complete.") from error
    await run_in_threadpool(supervising.give, ground.of(request), attempt_id, wanted, "console")
    shown = urlencode({"by": wanted.by, "done": wanted.order})
    return RedirectResponse(f"/console/calls/{quote(attempt_id, safe='')}?{shown}", 303)


def _fields(form: dict[str, str]) -> dict[str, str]:
    """One form gives every order: a field that its button does not need is left out."""
    needed = {"order", "by", *FIELDS.get(form.get("order", ""), ())}
    return {name: value for name, value in form.items() if name in needed}


def _live(reading: Reading, attempt: Attempt) -> bool:
    """Whether our agent is on the line."""
    call = reading.get(Call, attempt.id)
    return call is not None and call.ended_at is None and attempt.ended_at is None
