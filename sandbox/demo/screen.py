"""What the demo shows: a live table on a terminal, one line per change elsewhere, and the table at the end."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from sandbox.demo.observe import Seen

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
SIMULATED = (
    "Simulated: Twilio, OpenAI, Google and HubSpot are local stand-ins. "
    "Speech and protocol are real, the model's judgement is scripted."
)


def now_doing(seen: Seen) -> str:
    """The state in plain words."""
    words = seen.status.replace("_", " ") or "submitting"
    if seen.status == "scheduled" and seen.story.get("call_at"):
        at = datetime.fromisoformat(seen.story["call_at"]).astimezone(ZoneInfo(seen.part.zone or "UTC"))
        return f"call at {at:%a %H:%M} there"
    return {"in call": "talking", "dialing": "dialing"}.get(words, words)


def meeting(seen: Seen) -> str:
    if not seen.booking:
        return ""
    at = datetime.fromisoformat(seen.booking["starts_at"]).astimezone(ZoneInfo(seen.booking["timezone"]))
    return f"{at:%a %d %b %H:%M}, {seen.booking['person']}"


def crm(seen: Seen) -> str:
    states = [entry["state"] for entry in seen.story.get("crm", [])]
    if not states:
        return ""
    return "written" if all(state == "done" for state in states) else "/".join(sorted(set(states)))


def table(everyone: Sequence[Seen], *, final: bool = False) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in (
        "lead",
        "what happens",
        "outcome" if final else "now",
        "form→POST",
        "calls",
        "meeting",
        "CRM",
        "cost",
    ):
        shown.add_column(
            column,
            no_wrap=column != "what happens",
            justify="right" if column in ("form→POST", "calls", "cost") else "left",
        )
    if final:
        shown.add_column("")
    for seen in everyone:
        cost = sum((attempt.get("call") or {}).get("cost_usd", 0) for attempt in seen.attempts)
        row: list[str | Text] = [
            seen.part.who,
            seen.part.story,
            Text(now_doing(seen), style=COLOURS.get(seen.status, "")),
            f"{seen.rang_after * 1000:.0f} ms" if seen.rang_after is not None else "",
            str(len(seen.attempts) or ""),
            meeting(seen),
            crm(seen),
            f"${cost:.3f}" if cost else "",
        ]
        shown.add_row(*row, *([_mark(seen)] if final else []))
    return shown


def _mark(seen: Seen) -> Text:
    return Text("✗", style="bold red") if seen.faults else Text("✓", style="green")


class Screen:
    """Draws the live table when it can, else prints a line whenever a lead's state changes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last: dict[int, str] = {}

    def live(self, everyone: Sequence[Seen]) -> Group:
        return Group(Text(SIMULATED, style="italic dim"), table(everyone))

    def changes(self, everyone: Sequence[Seen]) -> None:
        for seen in everyone:
            doing = now_doing(seen)
            if self._last.get(seen.number) != doing:
                self._last[seen.number] = doing
                self.console.print(
                    f"  {seen.part.who:<8} {doing:<28} {seen.part.story}", highlight=False, soft_wrap=True
                )
