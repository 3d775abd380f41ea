"""Which request goes wrong, and how: a list of rules, each spent after `times` matching requests.

Pure: it reads no socket and no clock. The door (`door.py`) obeys what `next_for` answers, and each server words its own
error bodies. `POST /_sandbox/faults` takes any of these keys; a key that is absent stays as it was, `null` clears it:

    latency_ms   number, added to every API answer
    errors       [{status, times=1, method?, path?, reason?, retry_after?}]   answered without doing anything
    drop_before  {times=1, method?, path?}   the connection is cut, nothing was done
    drop_after   {times=1, method?, path?}   the work is committed, then the connection is cut without an answer
    stall        {times=1, seconds, method?, path?}   the answer comes only after that many seconds

`path` is a part of the request path. Everything else is a knob of the server's own, named in its package docstring.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UnknownKnob(ValueError):
    """The faults document names something this server cannot do."""


@dataclass(frozen=True, slots=True)
class Refuse:
    status: int
    reason: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class DropBefore:
    """Cut the line, do nothing."""


@dataclass(frozen=True, slots=True)
class DropAfter:
    """Do the work, then cut the line."""


@dataclass(frozen=True, slots=True)
class Stall:
    seconds: float


Fault = Refuse | DropBefore | DropAfter | Stall


@dataclass(slots=True)
class Rule:
    fault: Fault
    times: int = 1
    method: str = ""
    path: str = ""

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and self.path in path


@dataclass(slots=True)
class Faults:
    """The rules now in force; `knobs` holds the server's own settings, with their defaults."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: float = 0
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    knobs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.latency_ms = 0
        self.rules = {}
        self.knobs = dict(self.defaults)

    def change(self, document: Mapping[str, Any]) -> None:
        """Set every knob the document names; refuse it whole if one is unknown or malformed."""
        unknown = [name for name in document if name != "latency_ms" and name not in (*_PARSERS, *self.defaults)]
        if unknown:
            raise UnknownKnob(f"unknown knob {unknown[0]!r}; known: {', '.join(self.names())}")
        rules = {name: _rules(name, value) for name, value in document.items() if name in _PARSERS}
        self.latency_ms = float(document.get("latency_ms", self.latency_ms) or 0)
        self.rules |= rules
        self.knobs |= {
            name: self.defaults[name] if value is None else value
            for name, value in document.items()
            if name in self.defaults
        }

    def names(self) -> list[str]:
        return sorted(("latency_ms", *_PARSERS, *self.defaults))

    def next_for(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, spending one of its `times`."""
        for rules in self.rules.values():
            for rule in rules:
                if rule.matches(method, path):
                    rule.times -= 1
                    return rule.fault
        return None

    def take(self, name: str) -> bool:
        """Spend one of a counting knob: True while any were left."""
        left = int(self.knobs[name] or 0)
        if left > 0:
            self.knobs[name] = left - 1
        return left > 0


def _rules(name: str, value: Any) -> list[Rule]:
    if value is None:
        return []
    entries = value if isinstance(value, list) else [value]
    return [_rule(name, {"times": entry} if isinstance(entry, int) else entry) for entry in entries]


def _rule(name: str, entry: Any) -> Rule:
    if not isinstance(entry, Mapping):
        raise UnknownKnob(f"{name}: an object is expected, not {entry!r}")
    try:
        fault = _PARSERS[name](entry)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownKnob(f"{name}: {error!r} in {entry!r}") from error
    return Rule(fault, int(entry.get("times", 1)), str(entry.get("method", "")).upper(), str(entry.get("path", "")))


def _refuse(entry: Mapping[str, Any]) -> Refuse:
    after = entry.get("retry_after")
    return Refuse(int(entry["status"]), entry.get("reason"), None if after is None else float(after))


_PARSERS: Mapping[str, Any] = {
    "errors": _refuse,
    "drop_before": lambda _entry: DropBefore(),
    "drop_after": lambda _entry: DropAfter(),
    "stall": lambda entry: Stall(float(entry["seconds"])),
}
