"""Renders the HTML pages: one Jinja environment, everything escaped, nothing from elsewhere, no script needed."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from webhooks import ground, reasons
from webhooks.console import waits
from webhooks.words import in_short, plain, said, style

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


def _when(moment: datetime | None, zone: str = "UTC", form: str = "%a %d %b %Y, %H:%M %Z") -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(form) if moment else "–"


def _zoned(zone: str, moment: datetime | None = None) -> str:
    """`New York time`, or with a moment `New York time (EST)`."""
    city = zone.rsplit("/", 1)[-1].replace("_", " ")
    place = city if zone == "UTC" else f"{city} time"
    return f"{place} ({moment.astimezone(ZoneInfo(zone)):%Z})" if moment and zone != "UTC" else place


def _clock(ms: int | float | None) -> str:
    """A position in a call: `1:03`."""
    if ms is None:
        return "–"
    minutes, seconds = divmod(int(ms) // 1000, 60)
    return f"{minutes}:{seconds:02d}"


def _took(ms: int | float | None) -> str:
    """A duration: `82 ms`, `0.74 s`, `33 s`, `1:36 min`."""
    if ms is None:
        return "–"
    if ms < 100:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.2f} s" if ms < 3000 else f"{ms / 1000:.0f} s"
    return f"{_clock(ms)} min"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    when=_when,
    zoned=_zoned,
    plain=plain,
    short=in_short,
    clock=_clock,
    took=_took,
    said=said,
    sentence=reasons.sentence,
    verdict=reasons.verdict,
    waits=waits.waits,
    trouble=waits.trouble,
    style=style,
    tone=lambda state: TONES.get(state, "quiet"),
)


def page(request: Request, template: str, answer: int = 200, /, **values: Any) -> HTMLResponse:
    settings = ground.of(request).settings
    return HTMLResponse(text(template, simulated=settings.environment == "sandbox", **values), answer)


def text(template: str, /, **values: Any) -> str:
    """A template's text, for what is no answer to a request."""
    return _environment.get_template(template).render(**values)
