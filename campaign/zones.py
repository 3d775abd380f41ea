"""Time zones come from the pinned tzdata package and nowhere else; the system's own database may be years old.

`zoneinfo` prefers the system's files, and those of 2025 are an hour off today: British Columbia, Alberta and Manitoba
stopped changing their clocks in 2026. So the search path is emptied when our packages are imported, before any zone is
read, and every process checks at start that what it reads is new enough; if not, it does not start (compliance.md, 10).
"""

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import tzdata

from campaign.errors import Permanent

WITNESSES = {"America/Vancouver": -7, "America/Edmonton": -6, "America/Winnipeg": -5}
"""Hours from UTC at `WITNESSED` in every tzdata that may be used (2026f); older ones say an hour less."""
WITNESSED = datetime(2026, 12, 15, 12, tzinfo=UTC)
REMEDY = "install tzdata 2026.6 or newer into this environment (pip install -U tzdata)"


def pin() -> None:
    """Read zones from the package alone. Called where `campaign` is imported; harmless again."""
    zoneinfo.reset_tzpath(to=())


def version() -> str:
    """The release of the zone data in use, as IANA names it: `2026f`."""
    return str(tzdata.IANA_VERSION)


def faults() -> list[str]:
    """What is wrong with the zone data this process reads; empty when nothing is."""
    found = ["zones are read from the system's files, not from the tzdata package"] if zoneinfo.TZPATH else []
    for name, hours in WITNESSES.items():
        offset = WITNESSED.astimezone(ZoneInfo.no_cache(name)).utcoffset()
        if offset is None or offset != timedelta(hours=hours):
            read = f"{offset.total_seconds() / 3600:+g}" if offset is not None else "unknown"
            found.append(f"{name} is {read} h from UTC on 2026-12-15, not {hours:+d} h")
    return found


def require() -> None:
    """Raises `Permanent` when the zone data is wrong: no calling hours can be told, so nothing may start."""
    if found := faults():
        raise Permanent(f"time zone data {version()}: {'; '.join(found)}: {REMEDY}", code="wrong_tzdata")


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def is_place(name: str) -> bool:
    """Whether the name is a place's zone in tzdata; `UTC` or a fixed offset says nothing about where somebody is."""
    if "/" not in name or name.startswith("Etc/"):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
