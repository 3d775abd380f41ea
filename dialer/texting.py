"""Text messages as decisions: what one says, whether it may go out now, and what a text of theirs asks for. Pure.

Only with consent that names texts, never after a stop, within the same calling hours as calls, and only while it is still true:
no "we missed you" to somebody we have talked with since, no reminder of a meeting that is gone.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaign.file import Campaign

CHANNELS = frozenset({"sms", "text", "texts", "any"})
"""What a form may call texts where it lists what was agreed to."""
LONGEST = 480
"""Three segments: what is longer is cut, the way out never."""
STALE = timedelta(hours=12)
"""A missed call is not texted about later than this."""
BEFORE_START = timedelta(minutes=10)
LOOK_AGAIN = timedelta(minutes=1)
HOUSE: dict[str, dict[str, str]] = {
    "missed_call": {
        "en": "{brand}: we just tried to call you about your request. You can call us back at {number}.",
        "es": "{brand}: acabamos de llamarle por su solicitud. Puede devolvernos la llamada al {number}.",
    },
    "confirmation": {
        "en": "{brand}: your meeting with {person} is booked for {time}.",
        "es": "{brand}: su cita con {person} queda reservada para el {time}.",
    },
    "reminder": {
        "en": "{brand}: a reminder of your meeting with {person}, {time}.",
        "es": "{brand}: le recordamos su cita con {person}, {time}.",
    },
}
WAY_OUT = {"en": "Reply STOP to opt out.", "es": "Responda STOP para no recibir más mensajes."}
HELP = {
    "en": "{brand}: messages about your request. For help call {number}. Reply STOP to opt out.",
    "es": "{brand}: mensajes sobre su solicitud. Si necesita ayuda, llame al {number}. Responda STOP para no recibir más.",
}
_DAYS = {
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}
_COVERS = re.compile(
    r"\bsms\b|\btext messages?\b|\btext(?:ing|s)? me\b|\bmensajes? de texto\b"
    r"|\b(?:calls?|call me|called|calling|phone|contact me)\s*(?:,|and/or|and|or|&|/)\s*"
    r"(?:by |via |send |receive |automated )?text(?:s|ed|ing)?\b"
    r"|\btext(?:s|ing|ed)?\s*(?:,|and/or|and|or|&|/)\s*(?:by |via )?(?:calls?|called|calling|phone)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:no|not|never|without|sin|nunca)\s+(?:\w+\s+){0,3}(?:sms|texts?|text messages?|mensajes? de texto)\b", re.I
)
STOP = frozenset(
    {
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "alto",
        "baja",
        "cancelar",
        "parar",
        "basta",
    }
)
START = frozenset({"start", "unstop", "yes", "iniciar", "alta"})
HELPS = frozenset({"help", "info", "ayuda"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a text when its time has come. `opens`: when this person may be contacted; None when never."""

    kind: str
    consented: bool
    stopped: bool
    halted: bool
    caused_at: datetime
    opens: datetime | None
    talked_since: bool = False
    starts_at: datetime | None = None
    """Of the meeting it is about, while that stands."""


@dataclass(frozen=True, slots=True)
class Send:
    pass


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Withhold:
    reason: str


def decide(facts: Facts, now: datetime) -> Send | Wait | Withhold:
    """May it go out now? What makes it pointless or forbidden is for good, what only stops it for a while is not."""
    if facts.stopped:
        return Withhold("suppressed")
    if not facts.consented:
        return Withhold("no_text_consent")
    if facts.opens is None:
        return Withhold("no_calling_hours")
    if facts.kind == "missed_call":
        if facts.talked_since:
            return Withhold("talked_since")
        latest = facts.caused_at + STALE
    else:
        if facts.starts_at is None:
            return Withhold("meeting_gone")
        latest = facts.starts_at - BEFORE_START
    if max(now, facts.opens) > latest:
        return Withhold("too_late")
    if facts.halted:
        return Wait(now + LOOK_AGAIN)
    return Send() if facts.opens <= now else Wait(facts.opens)


def covers_texts(words: str) -> bool:
    """Whether the words a person agreed to name text messages; a consent to calls alone says nothing about texts."""
    return bool(_COVERS.search(words)) and not _NOT.search(words)


def keyword(body: str) -> str:
    """`stop`, `start` or `help` when the text is that word and nothing else; "" for anything else."""
    folded = "".join(c for c in unicodedata.normalize("NFD", body.lower()) if not unicodedata.combining(c))
    word = re.sub(r"[^a-z]+", "", folded) if len(body) <= 40 else ""
    return "stop" if word in STOP else "start" if word in START else "help" if word in HELPS else ""


def compose(kind: str, own: Mapping[str, str], language: str | None, values: Mapping[str, str]) -> tuple[str, str]:
    """The text and the language it is in: the campaign's words or the house's, and always the way out."""
    code = (language or "en").partition("-")[0]
    code = code if code in own or code in HOUSE[kind] else "en"
    words = own.get(code) or HOUSE[kind].get(code) or HOUSE[kind]["en"]
    way_out = "" if re.search(r"\bSTOP\b", words) else " " + WAY_OUT.get(code, WAY_OUT["en"])
    said = re.sub(r"\{(\w+)\}", lambda found: one_line(values.get(found[1], "")), words)
    said = re.sub(r"\s+([,.!?:])", r"\1", " ".join(said.split()))
    return said[: LONGEST - len(way_out)] + way_out, code


def help_text(campaign: Campaign, number: str, language: str | None) -> str:
    words = HELP.get((language or "en").partition("-")[0], HELP["en"])
    return words.format(brand=campaign.seller.brand, number=number)


def one_line(value: str) -> str:
    """Form text in a text of ours: no line breaks, no addresses to be tapped on, no length without bound."""
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in value)
    return re.sub(r"\S*(?:://|www\.|\w\.\w)\S*", "", " ".join(visible.split()))[:80]


def say_time(at: datetime, zone: str, language: str) -> str:
    """On their clock: "Tue Nov 24, 10:00 AM EST", "mar 24 nov, 10:00 EST"."""
    local, code = at.astimezone(ZoneInfo(zone)), language if language in _DAYS else "en"
    day, month = _DAYS[code][local.weekday()], _MONTHS[code][local.month - 1]
    if code == "es":
        return f"{day} {local.day} {month}, {local:%H:%M %Z}"
    return (
        f"{day} {month} {local.day}, {local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'} {local:%Z}"
    )
