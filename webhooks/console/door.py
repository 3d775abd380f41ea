"""`/console`: sign in with the API token, then leads, a lead's story, and its recordings. Pages work without script."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func
from sqlmodel import Session as Reading
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from campaign import clock, store
from campaign.records import Attempt, Booking, Lead
from dialer.states import UNRECORDED
from webhooks import bearer, bodies, ground, optout, pages
from webhooks.api import shapes, stories
from webhooks.api.door import find
from webhooks.console import recording, sessions, talk
from webhooks.problems import Problem

router = APIRouter(prefix="/console", include_in_schema=False)
SIGN_IN = "/console/sign-in"
FORM_LIMIT = 16 * 1024
PAGE = 50
WORD = re.compile(r"[a-z0-9_]{1,80}")
MS = timedelta(milliseconds=1)
STATES = (
    *("received", "scheduled", "dialing", "ringing", "in_call", "wrapping_up"),
    *("booked", "qualified", "callback", "needs_human", "not_qualified", "declined", "opted_out"),
    *("unreachable", "blocked"),
)
"""The order of the filters: what is under way, what came of it, what never got through."""


class SignInFirst(Problem):
    def __init__(self, path: str) -> None:
        super().__init__(303, "sign_in", "Sign in first.", headers={"Location": f"{SIGN_IN}?next={quote(path)}"})


async def signed_in(request: Request) -> str:
    """The session of whoever asks, or a redirect to the sign-in page."""
    cookie = request.cookies.get(sessions.COOKIE)
    if not sessions.valid(ground.of(request).settings, cookie, clock.real_now()):
        raise SignInFirst(request.url.path)
    return cookie or ""


Session = Annotated[str, Depends(signed_in)]


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return pages.page(request, "sign_in.html", next=_inside(request.query_params.get("next", "")), wrong=False)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    settings = ground.of(request).settings
    form = await _form(request)
    target = _inside(form.get("next", ""))
    if not bearer.matches(form.get("token", "").strip(), settings.bearer_token):
        return pages.page(request, "sign_in.html", 403, next=target, wrong=True)
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        sessions.COOKIE,
        sessions.begin(settings, clock.real_now()),
        max_age=int(sessions.LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
        path="/console",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, session: Session) -> Response:
    await own_form(request, session)
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(sessions.COOKIE, path="/console")
    return answer


@router.get("")
async def leads(
    request: Request, session: Session, status: str = "", before: str = "", follow: bool = False
) -> Response:
    here = ground.of(request)
    status, before = (word if WORD.fullmatch(word) else "" for word in (status, before))

    def read() -> tuple[shapes.LeadPage, dict[str, int], dict[str, Booking], dict[str, str]]:
        with here.database.reading() as reading:
            counts = dict(list(reading.exec(select(Lead.state, func.count()).group_by(Lead.state))))
            listed = stories.page(reading, limit=PAGE, before=before or None, status=status or None)
            zones = {row.name: str(row.config["timezone"]) for row in store.active(reading)}
            return listed, counts, _meetings(reading, listed), zones

    listed, counts, meetings, zones = await run_in_threadpool(read)
    return pages.page(
        request,
        "leads.html",
        page=listed,
        counts={state: counts[state] for state in (*STATES, *sorted(counts.keys() - set(STATES))) if state in counts},
        meetings=meetings,
        zones=zones,
        status=status,
        follow=follow,
        form_token=sessions.form_token(here.settings, session),
    )


def _meetings(reading: Reading, listed: shapes.LeadPage) -> dict[str, Booking]:
    """The confirmed meeting of each listed lead."""
    wanted = [line.lead_id for line in listed.leads if line.status == "booked"]
    rows = reading.exec(select(Booking).where(col(Booking.lead_id).in_(wanted), Booking.state == "confirmed"))
    return {row.lead_id: row for row in rows}


@router.get("/leads/{lead_id}")
async def lead(request: Request, session: Session, lead_id: str, follow: bool = False) -> Response:
    here = ground.of(request)

    def read() -> tuple[shapes.LeadStory, str]:
        with here.database.reading() as reading:
            found = find(reading, lead_id)
            return stories.story(reading, found), store.get(reading, found.campaign)[0].timezone

    story, zone = await run_in_threadpool(read)
    called = next((attempt for attempt in story.attempts if attempt.placed_at), None)
    return pages.page(
        request,
        "lead.html",
        lead=story,
        zone=story.timezone or zone,
        talk={attempt.attempt_id: talk.lines(attempt.call) for attempt in story.attempts if attempt.call},
        meeting=next((booking for booking in story.bookings if booking.state == "confirmed"), None),
        called_after_ms=(called.placed_at - story.received_at) / MS if called and called.placed_at else None,
        calls_of={attempt.decision_id: attempt.number for attempt in story.attempts},
        follow=follow,
        form_token=sessions.form_token(here.settings, session),
    )


@router.post("/leads/{lead_id}/opt-out")
async def opt_out(request: Request, session: Session, lead_id: str) -> Response:
    await own_form(request, session)
    here = ground.of(request)

    def write() -> list[str]:
        with here.database.transaction() as writing:
            return optout.stop(writing, find(writing, lead_id), channel="console", now=clock.now())

    for attempt_id in await run_in_threadpool(write):
        await run_in_threadpool(here.tell_call, attempt_id, {"kind": "opt_out"})
    return RedirectResponse(f"/console/leads/{quote(lead_id)}", 303)


@router.get("/recordings/{attempt_id}.wav")
async def recorded(request: Request, session: Session, attempt_id: str) -> Response:
    here = ground.of(request)

    def read() -> str | None:
        with here.database.reading() as reading:
            attempt = reading.get(Attempt, attempt_id) if WORD.fullmatch(attempt_id) else None
            return attempt.recording_sid if attempt and attempt.recording_status not in UNRECORDED else None

    return await recording.play(here.settings, await run_in_threadpool(read), request.headers.get("range"))


def _inside(path: str) -> str:
    """Where to go after signing in: only ever a page of the console."""
    return path if path == "/console" or path.startswith("/console/") else "/console"


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await bodies.read(request, FORM_LIMIT)).decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


async def own_form(request: Request, session: str) -> dict[str, str]:
    """The fields of a form of this session; refuses a change that was made with any other."""
    form = await _form(request)
    if not bearer.matches(form.get("form_token", ""), sessions.form_token(ground.of(request).settings, session)):
        raise Problem(403, "foreign_form", "This form does not belong to your session. Reload the page and try again.")
    return form
