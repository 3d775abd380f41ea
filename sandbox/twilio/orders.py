"""Whether an order for a call may stand: the refusals of `POST Calls` and the warnings it leaves. Decides, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sandbox.twilio.fields import Fields
from sandbox.twilio.problems import Refusal

E164 = re.compile(r"\+[1-9]\d{7,14}")
# Twilio's published test numbers keep their meaning here.
MAGIC_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
MAGIC_FROM = {"+15005550001": 21212}
INLINE_LIMIT = 4000
LONGEST_RING = 600


def examine(order: Fields, owns: Callable[[str], bool], blocked: tuple[str, ...]) -> list[tuple[int, str]]:
    """Raises `Refusal`, else returns the warnings (code, words) the debugger would show."""
    to, caller = order.one("To"), order.one("From")
    if not to:
        raise Refusal(21201)
    if not caller:
        raise Refusal(21213)
    _examine_numbers(to, caller, owns, blocked)
    return _examine_instructions(order)


def _examine_numbers(to: str, caller: str, owns: Callable[[str], bool], blocked: tuple[str, ...]) -> None:
    if code := MAGIC_TO.get(to):
        raise Refusal(code)
    if code := MAGIC_FROM.get(caller):
        raise Refusal(code)
    if not E164.fullmatch(to) or to == caller:
        raise Refusal(21211, f"The 'To' number {to} is not a valid phone number.")
    if not E164.fullmatch(caller):
        raise Refusal(21212, f"The 'From' number {caller} is not a valid phone number.")
    if not owns(caller):
        raise Refusal(21210)
    if to.startswith(blocked):
        raise Refusal(21215)


def _examine_instructions(order: Fields) -> list[tuple[int, str]]:
    warnings: list[tuple[int, str]] = []
    url, inline = order.one("Url"), order.one("Twiml")
    if not url and not inline:
        raise Refusal(21205, "Url parameter is required.")
    if len(inline) > INLINE_LIMIT:
        raise Refusal(32018)
    if url and inline:
        warnings.append((32019, "Url and Twiml are both given; Twiml is ignored"))
    for name in ("Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback"):
        if order.one(name) and not absolute(order.one(name)):
            raise Refusal(21205, f"{name} is not a valid URL")
    if not 1 <= order.number("Timeout", 60) <= LONGEST_RING:
        raise Refusal(21218, "Timeout must be between 1 and 600 seconds")
    if order.flag("AsyncAmd") and not order.one("AsyncAmdStatusCallback"):
        warnings.append((21262, "AsyncAmd without AsyncAmdStatusCallback"))
    return warnings


def absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")
