"""`/demo/form`: a real form that signs what was typed and posts it through `POST /leads/{source}` like any sender.

Works without script. After submitting, a page says what will happen and follows the lead by reloading itself; it shows
what happens, never who it happens to. Not mounted in production.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

import httpx
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from campaign import clock, ids, phone, store
from campaign.file import Campaign
from campaign.file import Source as SourceConfig
from webhooks import bodies, ground, pages, standard_webhooks
from webhooks.api import shapes, stories
from webhooks.api.door import find
from webhooks.demo import consent, numbers
from webhooks.leads.door import secret_keys
from webhooks.problems import Problem

router = APIRouter(prefix="/demo", include_in_schema=False)
FIELDS = ("first_name", "last_name", "email", "phone", "country", "postcode", "message")
LIVE = frozenset({"received", "scheduled", "dialing", "ringing", "in_call", "wrapping_up"})
LIMIT = 64 * 1024
ROAD = ("Request received", "Calling rules checked", "Ringing", "Talking", "Finished")
REACHED = {"received": 0, "scheduled": 1, "blocked": 1, "dialing": 2, "ringing": 2, "in_call": 3, "wrapping_up": 4}


@dataclass(frozen=True, slots=True)
class Choice:
    campaign: Campaign
    source: SourceConfig


@router.get("/form")
async def form(request: Request, source: str = "", phone: str = "", first_name: str = "") -> Response:
    """`phone` and `first_name` may come filled in, as the demo's own links do; nothing is sent without the button."""
    choices = await run_in_threadpool(_choices, ground.of(request))
    filled = {"phone": phone[:64], "first_name": first_name[:64], "external_id": f"form-{secrets.token_hex(8)}"}
    return _page(request, choices, _chosen(choices, source), filled, {})


@router.post("/form")
async def submit(request: Request) -> Response:
    here = ground.of(request)
    body = (await bodies.read(request, LIMIT)).decode("utf-8", "replace").replace("\x00", "")
    typed = {name: values[-1].strip() for name, values in parse_qs(body, keep_blank_values=True).items()}
    choices = await run_in_threadpool(_choices, here)
    chosen = _chosen(choices, typed.get("source", ""))
    if chosen is None:
        raise Problem(422, "unknown_source", "No lead source has this name.")
    if faults := check(chosen.campaign, typed):
        return _page(request, choices, chosen, typed, faults, 422)
    answer = await _send(request, here, chosen, typed)
    if answer.status_code != 202:
        fault = {"form": "We could not take your request just now. Please try again in a moment."}
        return _page(request, choices, chosen, typed, fault, answer.status_code)
    return RedirectResponse(f"/demo/form/{quote(answer.json()['lead_id'])}", 303)


@router.get("/form/{lead_id}")
async def follow(request: Request, lead_id: str) -> Response:
    def read() -> tuple[shapes.LeadStory, Campaign]:
        with ground.of(request).database.reading() as session:
            found = find(session, lead_id)
            return stories.story(session, found), store.get(session, found.campaign)[0]

    lead, campaign = await run_in_threadpool(read)
    return pages.page(
        request,
        "follow.html",
        lead=lead,
        brand=campaign.seller.brand,
        zone=lead.timezone or campaign.timezone,
        live=lead.status in LIVE,
        steps=steps(lead),
        now=clock.now(),
    )


def check(campaign: Campaign, typed: dict[str, str]) -> dict[str, str]:
    """What a person can mend, by field; whether we may call is the gate's business, not the form's."""
    faults = {}
    if not typed.get("first_name"):
        faults["first_name"] = "Enter your first name"
    number = phone.parse(typed.get("phone", ""), typed.get("country"), frozenset(campaign.countries))
    if not typed.get("phone"):
        faults["phone"] = "Enter a phone number we can call"
    elif isinstance(number, phone.Undialable) and number.reason in ("not_a_phone_number", "not_a_valid_number"):
        faults["phone"] = "Enter a complete phone number, with its area code"
    if typed.get("email") and "@" not in typed["email"]:
        faults["email"] = "Enter an email address like name@example.com, or leave it empty"
    for name in FIELDS:
        if len(typed.get(name, "")) > (
            2000 if name == "message" else 64 if name in ("phone", "postcode", "country") else 254
        ):
            faults[name] = "Enter something shorter"
    return faults


def steps(lead: shapes.LeadStory) -> list[tuple[str, str]]:
    """The road of a call as `(words, done | now | later)`; what never happened is left out once it is over."""
    reached = REACHED.get(lead.status, len(ROAD))
    over = lead.status not in LIVE
    missing = {
        "Ringing": over and not any(attempt.ringing_at for attempt in lead.attempts),
        "Talking": over and not any(attempt.call and attempt.call.reached == "human" for attempt in lead.attempts),
    }
    return [
        (words, "done" if index < reached else "now" if index == reached else "later")
        for index, words in enumerate(ROAD)
        if not missing.get(words)
    ]


def _choices(here: ground.Ground) -> list[Choice]:
    with here.database.reading() as session:
        campaigns = [store.read(row) for row in store.active(session)]
    return [
        Choice(campaign, source) for campaign in campaigns for source in campaign.sources if source.kind == "standard"
    ]


def _chosen(choices: list[Choice], name: str) -> Choice | None:
    return next(
        (choice for choice in choices if choice.source.name == name), choices[0] if choices and not name else None
    )


async def _send(request: Request, here: ground.Ground, chosen: Choice, typed: dict[str, str]) -> httpx.Response:
    """Through the very same door, inside this process: the app is called as a client would call it."""
    now = clock.now()
    lead: dict[str, Any] = {name: typed.get(name, "") for name in FIELDS}
    lead["external_id"] = typed.get("external_id", "")
    lead["submitted_at"] = now.isoformat()
    lead["consent"] = {
        "given": typed.get("consent") == "yes",
        "text": consent.text(chosen.campaign.seller),
        "version": consent.VERSION,
        "url": f"{here.settings.public_base}/demo/form",
        "ip": request.client.host if request.client else "",
        "user_agent": request.headers.get("user-agent", "")[:2000],
        "method": "checkbox",
        "at": now.isoformat(),
    }
    body = json.dumps(lead).encode()
    headers = standard_webhooks.sign(secret_keys(here, chosen.source)[0], ids.new("form"), now, body)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=request.app), base_url="http://form") as client:
        return await client.post(
            f"/leads/{chosen.source.name}", content=body, headers={**headers, "content-type": "application/json"}
        )


def _page(
    request: Request,
    choices: list[Choice],
    chosen: Choice | None,
    typed: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    return pages.page(
        request,
        "form.html",
        status,
        choices=choices,
        chosen=chosen,
        consent_text=consent.text(chosen.campaign.seller) if chosen else "",
        numbers=numbers.of(chosen.campaign.countries) if chosen else [],
        typed={name: typed.get(name, "") for name in (*FIELDS, "external_id", "consent")},
        faults=faults,
    )
