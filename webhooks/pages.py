"""Renders the HTML pages: one Jinja environment, everything escaped, nothing from elsewhere, no script needed."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from webhooks import ground
from webhooks.words import plain

TONES = {
    "booked": "good",
    "qualified": "good",
    "callback": "good",
    "scheduled": "wait",
    "received": "wait",
    "dialing": "live",
    "ringing": "live",
    "in_call": "live",
    "wrapping_up": "live",
    "blocked": "bad",
    "opted_out": "bad",
    "needs_human": "warn",
    "unreachable": "warn",
}


def _when(moment: datetime | None, zone: str = "UTC", form: str = "%d %b %Y, %H:%M:%S") -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(form) if moment else "–"


def _said(value: Any) -> str:
    """An answer as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _seconds(ms: int | float | None) -> str:
    if ms is None:
        return "–"
    minutes, seconds = divmod(int(ms) // 1000, 60)
    return f"{minutes}:{seconds:02d}"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    when=_when, plain=plain, clock=_seconds, said=_said, tone=lambda state: TONES.get(state, "quiet")
)


def page(request: Request, template: str, answer: int = 200, /, **values: Any) -> HTMLResponse:
    settings = ground.of(request).settings
    text = _environment.get_template(template).render(simulated=settings.environment == "sandbox", **values)
    return HTMLResponse(text, answer)
