"""Times and numbers as people say them, in the person's zone and locale: computed in code, never by the model.

Times keep their digits, which speech models read well ("10:00 AM"); amounts are words, which cannot be read digit by digit.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from num2words import num2words

EN_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EN_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
ES_DAYS = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]
ES_MONTHS = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st …"""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


NEAR_MIDNIGHT = timedelta(minutes=30)
"""Within this of midnight nobody says "tomorrow": it may be today before the call is over."""
TODAY = {"en": ("today", "tomorrow"), "es": ("hoy", "mañana")}


def say_time(at: datetime, zone: str, language: str, now: datetime | None = None) -> str:
    """ "Tuesday, November 24th at 10:00 AM" (en-US), "Tuesday 24 November at 10:00 am" (en-AU, en-GB), Spanish likewise.

    With `now`, "today" or "tomorrow" goes before the date where that is so.
    """
    said = _date_and_time(at.astimezone(ZoneInfo(zone)), language)
    near = _near(at, now, zone, language) if now else ""
    return f"{near}, {said}" if near else said


def _near(at: datetime, now: datetime, zone: str, language: str) -> str:
    here = now.astimezone(ZoneInfo(zone))
    days = (at.astimezone(ZoneInfo(zone)).date() - here.date()).days
    if days not in (0, 1) or (here + NEAR_MIDNIGHT).date() != here.date():
        return ""
    return TODAY["es" if language.startswith("es") else "en"][days]


def _date_and_time(local: datetime, language: str) -> str:
    hour = local.hour % 12 or 12
    if language.startswith("es"):
        when = "a la" if hour == 1 else "a las"
        part = "de la mañana" if local.hour < 12 else "de la tarde" if local.hour < 20 else "de la noche"
        day = f"{ES_DAYS[local.weekday()]} {local.day} de {ES_MONTHS[local.month - 1]}"
        return f"{day} {when} {hour}:{local.minute:02d} {part}"
    clock = f"{hour}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"
    if language == "en-US":
        return f"{EN_DAYS[local.weekday()]}, {EN_MONTHS[local.month - 1]} {ordinal(local.day)} at {clock}"
    return f"{EN_DAYS[local.weekday()]} {local.day} {EN_MONTHS[local.month - 1]} at {clock.lower()}"


US_ZONES = {"E": "Eastern", "C": "Central", "M": "Mountain", "P": "Pacific", "AK": "Alaska"}
ES_ZONES = {"E": "del Este", "C": "del Centro", "M": "de la Montaña", "P": "del Pacífico", "AK": "de Alaska"}


def say_zone(at: datetime, zone: str, language: str) -> str:
    """ "Pacific time", "Sydney time"; "hora del Pacífico", "hora de Madrid"."""
    here = ZoneInfo(zone)
    short, winter, summer = (moment.tzname() or "" for moment in (at.astimezone(here), *_halves(at, here)))
    changes = winter != summer and zone.startswith(("America/", "US/")) and short[-2:] in ("ST", "DT")
    wide = short[:-2] if changes else ""  # "Mountain time" would mislead in Phoenix, which keeps its clocks
    city = zone.rpartition("/")[2].replace("_", " ")
    if language.startswith("es"):
        return f"hora {ES_ZONES.get(wide, f'de {city}')}"
    return f"{US_ZONES.get(wide, city)} time"


def _halves(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return datetime(at.year, 1, 1, tzinfo=zone), datetime(at.year, 7, 1, tzinfo=zone)


def say_number(value: float, unit: str, language: str) -> str:
    """In words, with its unit: "two hundred and forty dollars". ISO codes are currencies, anything else is said as it is."""
    language = "es" if language.startswith("es") else "en"
    if len(unit) == 3 and unit.isupper():
        try:
            money = num2words(float(value), to="currency", currency=unit, lang=language, separator=" |")
        except NotImplementedError:
            pass
        else:
            whole, _, cents = money.partition(" |")
            return whole if float(value).is_integer() else f"{whole} {'con' if language == 'es' else 'and'}{cents}"
    return f"{num2words(value, lang=language)} {unit}".strip()
