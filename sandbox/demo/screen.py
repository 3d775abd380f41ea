"""What the demo shows: a live table on a terminal, one line per change elsewhere, and the table at the end."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, Group, JustifyMethod
from rich.table import Table
from rich.text import Text

from sandbox.demo.observe import Seen

ROOMY = 126
"""Terminal columns from which on the story fits beside the rest."""
COLOURS = {
    "booked": "bold green",
    "qualified": "green",
    "duplicate": "dim",
    "blocked": "yellow",
    "scheduled": "cyan",
    "opted_out": "magenta",
    "in_call": "bold blue",
    "ringing": "blue",
    "dialing": "blue",
    "wrapping_up": "blue",
}
LEAST = {" ": 1, "lead": 6, "outcome": 17, "now": 17, "to dial": 7, "calls": 5, "meeting": 20, "CRM": 7, "cost": 5}
SIMULATED = (
    "Simulated: Twilio, OpenAI, Google and HubSpot are local stand-ins. "
    "Speech and protocol are real, the model's judgement is scripted."
)


def now_doing(seen: Seen) -> str:
    """The state in plain words."""
    words = seen.status.replace("_", " ") or "submitting"
    if seen.status == "scheduled" and seen.story.get("call_at"):
        at = datetime.fromisoformat(seen.story["call_at"]).astimezone(ZoneInfo(seen.part.zone or "UTC"))
        return f"call {at:%a %H:%M %Z}"
    return {"in call": "talking", "dialing": "dialing"}.get(words, words)


def meeting(seen: Seen) -> str:
    if not seen.booking:
        return ""
    at = datetime.fromisoformat(seen.booking["starts_at"]).astimezone(ZoneInfo(seen.booking["timezone"]))
    return f"{at:%a %d %b %H:%M} {seen.booking['person']}"


def crm(seen: Seen) -> str:
    states = [entry["state"] for entry in seen.story.get("crm", [])]
    if not states:
        return ""
    return "written" if all(state == "done" for state in states) else "/".join(sorted(set(states)))


def table(everyone: Sequence[Seen], *, width: int, final: bool = False) -> Table:
    """The leads as rows; a narrow terminal does without the story and the CRM column."""
    shown = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold underline")
    columns = _columns(final)
    kept = columns if width >= ROOMY else [name for name in columns if name not in ("what happens", "CRM")]
    for name, justify in columns.items():
        if name in kept:
            shown.add_column(name, no_wrap=True, justify=justify, min_width=LEAST.get(name))
    for seen in everyone:
        cells = _cells(seen, final)
        shown.add_row(*(cell for name, cell in zip(columns, cells, strict=True) if name in kept))
    return shown


def _columns(final: bool) -> dict[str, JustifyMethod]:
    columns: dict[str, JustifyMethod] = {" ": "left"} if final else {}
    columns |= {"lead": "left", "what happens": "left", "outcome" if final else "now": "left"}
    return columns | {"to dial": "right", "calls": "right", "meeting": "left", "CRM": "left", "cost": "right"}


def _cells(seen: Seen, final: bool) -> list[str | Text]:
    cost = sum((attempt.get("call") or {}).get("cost_usd", 0) for attempt in seen.attempts)
    return [
        *([_mark(seen)] if final else []),
        seen.part.who,
        seen.part.story,
        Text(now_doing(seen), style=COLOURS.get(seen.status, "")),
        f"{seen.rang_after * 1000:.0f} ms" if seen.rang_after is not None else "",
        str(len(seen.attempts) or ""),
        meeting(seen),
        crm(seen),
        f"${cost:.2f}" if cost else "",
    ]


def _mark(seen: Seen) -> Text:
    return Text("✗", style="bold red") if seen.faults else Text("✓", style="green")


class Screen:
    """Draws the live table when it can, else prints a line whenever a lead's state changes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last: dict[int, str] = {}

    def live(self, everyone: Sequence[Seen]) -> Group:
        return Group(Text(SIMULATED, style="italic dim"), table(everyone, width=self.console.width))

    def changes(self, everyone: Sequence[Seen]) -> None:
        for seen in everyone:
            doing = now_doing(seen)
            if self._last.get(seen.number) != doing:
                self._last[seen.number] = doing
                self.console.print(
                    f"  {seen.part.who:<8} {doing:<28} {seen.part.story}", highlight=False, soft_wrap=True
                )
