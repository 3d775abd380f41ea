"""The debugger: every alert Twilio would have raised, whole and per call."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.twilio.records import Alert, Call


@dataclass
class Ledger:
    alerts: list[Alert] = field(default_factory=list)

    def alarm(self, code: int, words: str, call: Call | None = None) -> None:
        alert = Alert(code, words, call.sid if call else None)
        self.alerts.append(alert)
        if call is not None:
            call.alerts.append(alert)
