"""Times as people say them, in the person's zone and locale: computed in code, never by the model."""

from datetime import datetime
from zoneinfo import ZoneInfo

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


def say_time(at: datetime, zone: str, language: str) -> str:
    """ "Tuesday, November 24th at 10:00 AM" (en-US), "Tuesday 24 November at 10:00 am" (en-AU, en-GB), Spanish likewise."""
    local = at.astimezone(ZoneInfo(zone))
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
