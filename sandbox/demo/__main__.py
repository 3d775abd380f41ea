"""`python -m sandbox.demo`: runs the scenario against a running product; exit status 0 only if every lead ended as it must."""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live

from sandbox.demo import judge
from sandbox.demo.observe import Seen, Window
from sandbox.demo.scenario import Part, load
from sandbox.demo.screen import SIMULATED, Screen, table
from sandbox.demo.submit import post

SECRETS = {"website": "LEADS_WEBSITE_SECRET", "smiles": "LEADS_SMILES_SECRET"}
PATIENCE = 210.0
"""Seconds until a run that has not come to rest is a failure."""


async def submit_all(parts: list[Part], web: str, everyone: list[Seen]) -> None:
    """Post every lead, a breath apart, as forms come in."""
    run = f"{time.time_ns():x}"
    offset = float(os.environ.get("CLOCK_OFFSET") or 0)
    async with httpx.AsyncClient(base_url=web, timeout=10) as client:
        for number, part in enumerate(parts):
            original = parts[part.repeats] if part.repeats is not None else part
            payload = original.payload(part.repeats if part.repeats is not None else number, run)
            seen = Seen(part, number, time.time())
            everyone.append(seen)
            secret = os.environ[SECRETS[part.source]]
            seen.answer = await post(client, part.source, payload, form=part.form, secret=secret, offset=offset)
            await asyncio.sleep(0.25)


async def watch(window: Window, everyone: list[Seen], screen: Screen, submitting: asyncio.Task[None]) -> None:
    """Look until every lead rests."""
    deadline = time.monotonic() + PATIENCE
    with Live(console=screen.console, refresh_per_second=4, transient=True) as live:
        while time.monotonic() < deadline:
            await asyncio.gather(*(window.look(seen) for seen in everyone if not seen.rests))
            if screen.console.is_terminal:
                live.update(screen.live(everyone))
            else:
                screen.changes(everyone)
            if submitting.done() and all(seen.rests for seen in everyone):
                return
            await asyncio.sleep(0.5)


async def settle(window: Window, everyone: list[Seen]) -> dict[str, Any]:
    """Hold what the API says against what the vendors really got; the report."""
    calls = await window.vendor("calls")
    calls = calls["calls"] if isinstance(calls, dict) else calls
    events = await window.vendor("events")
    events = events["events"] if isinstance(events, dict) else events
    objects = await window.vendor("objects")
    bodies = [json.dumps(call) for call in objects.get("calls", [])]
    posts: dict[str, int] = {}
    first: dict[str, float] = {}
    for call in calls:
        posts[call["to"]] = int(call["posts"])
        asked = float(call["timeline"][0]["at"])
        first[call["to"]] = min(asked, first.get(call["to"], asked))
    for seen in everyone:
        number = judge.e164(seen.part.phone, seen.part.country)
        if seen.part.calls and number in first:
            seen.rang_after = first[number] - seen.submitted_at
        seen.faults = list(judge.faults(seen, posts, events, bodies))
    return {
        "simulated": True,
        "ok": not any(seen.faults for seen in everyone),
        "form_to_post": judge.latency(everyone),
        "leads": [
            {
                "who": seen.part.who,
                "story": seen.part.story,
                "lead_id": seen.answer.get("lead_id"),
                "status": seen.status,
                "reason": seen.reason,
                "expected": seen.part.status,
                "calls": len(seen.attempts),
                "form_to_post_ms": round(seen.rang_after * 1000, 1) if seen.rang_after is not None else None,
                "meeting": seen.booking or None,
                "faults": seen.faults,
            }
            for seen in everyone
        ],
    }


async def direct(given: argparse.Namespace, console: Console) -> int:
    token = os.environ.get("API_TOKEN") or (Path(os.environ["VAR_DIR"]) / "api_token").read_text().strip()
    window = Window(given.web, token, given.twilio, given.google, given.hubspot)
    everyone: list[Seen] = []
    started = time.monotonic()
    submitting = asyncio.create_task(submit_all(load(), given.web, everyone))
    await watch(window, everyone, Screen(console), submitting)
    await submitting
    report = await settle(window, everyone)
    await window.close()
    report["seconds"] = round(time.monotonic() - started, 1)
    given.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    conclude(console, given, everyone, report)
    return 0 if report["ok"] else 1


def conclude(console: Console, given: argparse.Namespace, everyone: list[Seen], report: dict[str, Any]) -> None:
    console.print(table(everyone, width=console.width, final=True))
    for seen in everyone:
        for fault in seen.faults:
            console.print(f"[red]✗ {seen.part.who} ({seen.part.story}): {fault}[/red]")
    span = report["form_to_post"]
    verdict = (
        "[bold green]Every lead ended as it should[/]"
        if report["ok"]
        else "[bold red]Not every lead ended as it should[/]"
    )
    console.print(
        f"{verdict} in {report['seconds']:.0f} s. Form → Twilio POST: median {span['median_ms']} ms, "
        f"p95 {span['p95_ms']} ms over {span['leads']} leads."
    )
    console.print(f"[dim]{SIMULATED}[/]")
    console.print(
        f"Console  {given.web}/console   form  {given.web}/demo/form   report  {given.report}   logs  {given.log}",
        soft_wrap=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    for name in ("web", "twilio", "realtime", "google", "hubspot"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    try:
        sys.exit(asyncio.run(direct(parser.parse_args(), Console())))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
