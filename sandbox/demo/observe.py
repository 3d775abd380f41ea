"""What can be seen of a lead from outside: the product's own API, and what the simulated vendors really got."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.demo.scenario import Part

RESTING = ("blocked", "booked", "qualified", "not_qualified", "declined", "opted_out", "unreachable", "needs_human")


@dataclass(slots=True)
class Seen:
    """One submission as it went: the door's answer, the lead's story, and the judgement at the end."""

    part: Part
    number: int
    submitted_at: float
    """Real time, seconds since the epoch."""
    answer: dict[str, Any] = field(default_factory=dict)
    story: dict[str, Any] = field(default_factory=dict)
    rang_after: float | None = None
    """Seconds from submitting the form to the carrier receiving the first POST."""
    faults: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        if self.answer.get("status") == "duplicate":
            return "duplicate"
        return str(self.story.get("status") or self.answer.get("status") or "")

    @property
    def reason(self) -> str:
        return str(self.story.get("reason") or self.answer.get("reason") or "")

    @property
    def attempts(self) -> list[dict[str, Any]]:
        return [] if self.status == "duplicate" else list(self.story.get("attempts", []))

    @property
    def call(self) -> dict[str, Any]:
        """The newest conversation, or an empty mapping."""
        return next((attempt["call"] for attempt in reversed(self.attempts) if attempt.get("call")), {})

    @property
    def booking(self) -> dict[str, Any]:
        return next((booking for booking in self.story.get("bookings", []) if booking["state"] == "confirmed"), {})

    @property
    def rests(self) -> bool:
        """Nothing more will happen: an end state, or waiting for another day, and the CRM has what it is owed."""
        if self.status == "duplicate" or self.answer.get("http") != 202:
            return True
        if not self.story:
            return False
        waiting = (
            self.status == "scheduled" and self.part.status == "scheduled" and len(self.attempts) >= self.part.calls
        )
        settled = all(attempt["settled_at"] for attempt in self.attempts)
        told = all(entry["state"] != "due" for entry in self.story.get("crm", []))
        return (self.status in RESTING or waiting) and settled and told


class Window:
    """Reads the product's API and the simulated vendors."""

    def __init__(self, web: str, token: str, twilio: str, google: str, hubspot: str) -> None:
        self.web = httpx.AsyncClient(base_url=web, headers={"authorization": f"Bearer {token}"}, timeout=10)
        self.vendors = httpx.AsyncClient(timeout=10)
        self.urls = {
            "calls": f"{twilio}/_sandbox/calls",
            "events": f"{google}/_sandbox/events",
            "objects": f"{hubspot}/_sandbox/objects",
        }

    async def look(self, seen: Seen) -> None:
        """Refresh one lead's story. A product that is being restarted is looked at again later."""
        if not seen.answer.get("lead_id") or seen.status == "duplicate":
            return
        try:
            answer = await self.web.get(f"/leads/{seen.answer['lead_id']}")
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            seen.story = answer.json()

    async def vendor(self, what: str) -> Any:
        answer = await self.vendors.get(self.urls[what])
        answer.raise_for_status()
        return answer.json()

    async def close(self) -> None:
        await self.web.aclose()
        await self.vendors.aclose()
