"""`firstring rules check|cases|preview|publish|rollback|versions|export`: may this number be called and why; cases answered
from a file; and the calling rules as versions that are tried before they are in force."""

import getpass
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import phonenumbers
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from campaign import clock, phone, store, zones
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import DAYS, Campaign, load
from campaign.settings import Settings
from dialer import decision, gate, law, rule_sets
from dialer import preview as trial
from dialer.facts import Facts
from dialer.hours import DAY, Span
from dialer.law import Row
from dialer.resolver import Declared, Place, resolve
from webhooks import reasons
from webhooks.commands import cases as case_file
from webhooks.words import plain

app = typer.Typer(help="Calling rules: who may be called when, and why.", no_args_is_help=True)
WHEN = "%a %d %b %Y %H:%M:%S"


@app.command()
def check(
    number: Annotated[str, typer.Argument(help="In E.164, like +13055550123.")],
    at: Annotated[str, typer.Option(help="The instant, like 2026-11-23T22:05:00Z; now when not given.")] = "",
    campaign: Annotated[str, typer.Option(help="A campaign's name or file; without one, the law alone.")] = "",
    region: Annotated[str, typer.Option(help="State or province the person named.")] = "",
    postcode: Annotated[str, typer.Option(help="Postcode the person named.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone of their browser.")] = "",
    called: Annotated[list[str] | None, typer.Option(help="An earlier call to this number; may be repeated.")] = None,
    rules: Annotated[
        Path | None, typer.Option(exists=True, help="A draft of the rules, instead of those in force.")
    ] = None,
) -> None:
    """May this number be called at that instant, given consent? Every rule, and the first lawful moment."""
    zones.require()
    now = moment(at) if at else clock.now()
    chosen = _campaign(campaign) if campaign else None
    table = law.parse(rules.read_text("utf-8"), source=str(rules)) if rules else _in_force()
    found = phone.parse(number, None, frozenset(chosen.countries if chosen else ()))
    console = Console()
    if isinstance(found, phone.Undialable):
        console.print(f"[bold]{escape(number)}[/] must not be called: {plain(found.reason)}.", highlight=False)
        return
    place = resolve(found, Declared(zone, region, postcode), table)
    facts = Facts(
        number=found,
        place=place,
        consent=True,
        suppression=None,
        halts={},
        tried=0,
        rang=tuple(sorted(moment(text) for text in called or ())),
        on_the_phone=False,
        promised=None,
        last_caller=None,
        table=table,
    )
    verdict = _by_law(facts, now) if chosen is None else gate.decide(facts, chosen, now)
    for line in _told(facts, place, verdict, now):
        console.print(line, highlight=False, soft_wrap=True)


@app.command()
def cases(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Cases with their `rules`, as JSON.")],
) -> None:
    """Answer every case of a file through the core and the resolver: one JSON object a line."""
    zones.require()
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Permanent(f"{file} is not JSON: {error}", code="bad_cases") from error
    faults: list[str] = []
    for answer in case_file.answers(document, faults.append):
        typer.echo(json.dumps(answer))
    if said := case_file.other_zones(document):
        typer.echo(f"firstring: {said}", err=True)
    for fault in faults:
        typer.echo(f"firstring: {file}: {fault}", err=True)
    raise typer.Exit(1 if faults else 0)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A draft, begun with `rules export`.")],
    days: Annotated[int, typer.Option(min=0, max=365, help="Also ask about the calls of so many past days.")] = 7,
) -> None:
    """What a draft would do to the leads that wait and would have done to past calls. Changes nothing."""
    zones.require()
    draft = law.parse(file.read_text(encoding="utf-8"), source=str(file))
    now = clock.now()
    with Database(Settings().database_url).reading() as session:
        before = rule_sets.in_force(session)
        changes = rule_sets.differences(before, draft)
        found = trial.preview(session, draft, before, now)
        past = trial.backtest(session, draft, now, days) if days else None
    console = Console()
    for line in (*_changes(changes), *_forecast(found), *(_past(past, days) if past else ())):
        console.print(line, highlight=False, soft_wrap=True)
    if found.hours:
        console.print(_by_hour(found))


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The rules to be in force.")],
    why: Annotated[str, typer.Option(help="The reason, which is kept.")],
) -> None:
    """Put rules in force from the next dial on, in every process."""
    text = file.read_text(encoding="utf-8")
    with Database(Settings().database_url).transaction() as session:
        row = rule_sets.publish(session, text, source=str(file), by=getpass.getuser(), why=why, now=clock.now())
        said = f"rules {row.number} ({row.name}) are in force\n{row.diff}"
    typer.echo(said)


@app.command()
def rollback(
    number: Annotated[int | None, typer.Argument(min=0, help="A version; the one before this when not given.")] = None,
    *,
    why: Annotated[str, typer.Option(help="The reason, which is kept.")],
) -> None:
    """Put an earlier version in force again; 0 is the table that came with the product."""
    with Database(Settings().database_url).transaction() as session:
        row = rule_sets.roll_back(session, number, by=getpass.getuser(), why=why, now=clock.now())
        said = f"rules {row.number} are in force, as they were in {row.restores}\n{row.diff}"
    typer.echo(said)


@app.command()
def versions() -> None:
    """Who put which rules in force, when, why, and what changed."""
    console = Console()
    with Database(Settings().database_url).reading() as session:
        for row in rule_sets.history(session):
            back = f", back to {row.restores}" if row.restores is not None else ""
            when = f"{row.published_at:%Y-%m-%d %H:%M}Z by {escape(row.published_by)}"
            console.print(f"[bold]{row.number}[/] {row.name}{back}, {when}: {escape(row.why)}", highlight=False)
            for change in row.diff.splitlines():
                console.print(f"  {escape(change)}", highlight=False, soft_wrap=True, style="dim")
    console.print(f"[bold]0[/] {law.shipped().version}, came with the product", highlight=False)


@app.command()
def export(
    number: Annotated[int | None, typer.Argument(min=0, help="A version; those in force when not given.")] = None,
) -> None:
    """Print the rules as a file, to start a draft from."""
    with Database(Settings().database_url).reading() as session:
        typer.echo(rule_sets.document(session, number), nl=False)


def _in_force() -> law.Table:
    """The published rules where there is a database, else those that came with the product."""
    try:
        with Database(Settings().database_url).reading() as session:
            return rule_sets.in_force(session)
    except SQLAlchemyError:
        return law.shipped()


def _changes(changes: list[str]) -> Iterator[str]:
    yield f"[bold]{len(changes)} change{'s' if len(changes) != 1 else ''}[/] against the rules in force"
    yield from (f"  {escape(change)}" for change in changes)


def _forecast(found: trial.Preview) -> Iterator[str]:
    told = ", ".join(f"{count:,} {how}" for how, count in found.moved.most_common())
    yield f"\n[bold]{found.leads:,} leads wait[/]: {told or 'none'}"
    for name, counts in sorted(found.places.items()):
        yield f"  {name}: " + ", ".join(f"{count:,} {how}" for how, count in counts.most_common())
    for reason, count in found.reasons.most_common():
        yield f"  {count:,} would be refused: {plain(reason)}"
    for how, some in found.examples.items():
        for one in some:
            yield f"  [dim]{how}: {one.id} {_instant(one.before)} → {_instant(one.after)}[/]"


def _past(past: trial.Backtest, days: int) -> Iterator[str]:
    yield f"\n[bold]{past.calls:,} calls of the past {days} days[/]: {past.kept:,} would have been placed as they were"
    for name, count in past.waits.most_common():
        yield f"  {name}: {count:,} would have waited"
    for reason, count in past.refused.most_common():
        yield f"  {count:,} would not have been placed: {plain(reason)}"


def _by_hour(found: trial.Preview) -> Table:
    table = Table("hour (UTC)", "calls now", "calls under the draft", box=None)
    for hour, before, after in found.hours:
        table.add_row(f"{hour:%a %d %b %H:%M}", f"{before:,}", f"{after:,}")
    return table


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else "never"


def moment(text: str) -> datetime:
    """An instant as people type it. Raises `Permanent` with the form it must have."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Permanent(f"{text!r} is no time; write it like 2026-11-23T22:05:00Z", code="bad_time") from error
    if found.tzinfo is None:
        raise Permanent(f"{text!r} names no offset; write it like 2026-11-23T22:05:00Z", code="bad_time")
    return found.astimezone(UTC)


def _campaign(named: str) -> Campaign:
    if Path(named).is_file():
        return load(Path(named))[0]
    with Database(Settings().database_url).reading() as session:
        return store.get(session, named)[0]


def _by_law(facts: Facts, now: datetime) -> gate.Verdict:
    """The clock's rules of the places alone; who uses unsure rows answers for them in a campaign."""
    place = facts.place
    if place is None or any(name not in facts.table.statutes for name in place.jurisdictions):
        return gate.Deny([], "no_rules_for_this_place")
    answer = decision.decide(gate.lawful(facts), gate.POLICY, now)
    trace = [one.row() for one in answer.findings if one.rule not in MANNERS]
    match answer:
        case decision.Allow():
            return gate.Allow(trace, "")
        case decision.Defer(reason=reason, until=until):
            return gate.Defer(trace, reason, until)
        case decision.Deny(reason=reason):
            return gate.Deny(trace, reason)


MANNERS = frozenset({"campaign_hours", "gap", "per_day"})
"""Rules that only a campaign sets."""


def _told(facts: Facts, place: Place, verdict: gate.Verdict, now: datetime) -> Iterator[str]:
    assert isinstance(facts.number, phone.Phone)
    shown = phonenumbers.format_number(
        phonenumbers.parse(facts.number.e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    yield f"[bold]{shown}[/] at {now:{WHEN}} UTC"
    for name, some in place.groups:
        where = facts.table.rows[name].name if name in facts.table.rows else name
        clocks = "; ".join(f"{one.replace('_', ' ')} {_local(now, one)}" for one in some)
        yield f"  may be in {escape(where)} ({name}): {clocks}"
    yield ""
    yield _verdict(place, verdict)
    for row in verdict.trace:
        if row["passed"] and row["rule"] in UNASKED and not row["inputs"]:
            continue
        mark = "[green]✓[/]" if row["passed"] else "[red]✗[/]"
        until = f", until {_clocks(datetime.fromisoformat(row['until']), place)}" if row.get("until") else ""
        yield f"  {mark} {escape(reasons.sentence(row))}{until}"
    yield ""
    for name in place.jurisdictions:
        if name in facts.table.rows:
            yield from _row(name, facts.table)
    yield f"[dim]rules {gate.rules_version(facts)}; engineering defaults, not legal advice[/]"


UNASKED = frozenset({"clock", "not_before", "callback", "refusal_lock", "blackout", "consent_term", "hang_up"})
"""Rules that have nothing to say when nothing was given for them."""


def _verdict(place: Place, verdict: gate.Verdict) -> str:
    match verdict:
        case gate.Allow():
            return "[bold green]May be called now[/], with consent."
        case gate.Defer(_, reason, until):
            return f"[bold yellow]Must wait[/] until {_clocks(until, place)} ({until:{WHEN}} UTC): {plain(reason)}."
        case gate.Deny(_, reason):
            return f"[bold red]Must not be called[/]: {plain(reason)}."


def _clocks(instant: datetime, place: Place) -> str:
    return " / ".join(dict.fromkeys(_local(instant, one) for one in place.zones))


def _local(instant: datetime, name: str) -> str:
    return f"{instant.astimezone(zones.zone(name)):%a %d %b %H:%M %Z}"


def _row(name: str, table: law.Table) -> Iterator[str]:
    """A row as one would read it out: hours, counts, consent, duties, and how sure we are."""
    row, statute = table.rows[name], table.statutes.get(name)
    yield f"[bold]{name}[/] {escape(row.name)}"
    if statute:
        yield f"  hours for an artificial voice: {_hours(statute.week)}" + (
            f"; holidays {_spans(statute.on_holidays)}" if statute.holidays else ""
        )
        for cap in statute.caps:
            yield f"  at most {cap.calls} calls in any {cap.span.total_seconds() / 3600:g} hours"
    for label, value in _facts(row):
        yield f"  {label}: {escape(value)}"
    unsure = "; [yellow]a named person must acknowledge it in the campaign's file[/]" if row.unsure else ""
    sources = f"; {escape(', '.join(row.sources))}" if row.sources else ""
    yield f"  confidence {row.confidence}, reviewed {row.reviewed or table.reviewed}{sources}{unsure}"


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    told: tuple[tuple[str, Any], ...] = (
        ("consent", row.consent.replace("_", " ")),
        ("express consent lapses after", row.consent_expires_months and f"{row.consent_expires_months} months"),
        ("pause after a no", row.refusal_lock_days and f"{row.refusal_lock_days} days"),
        ("after a hang-up", row.no_recall_after_hang_up and "no second call"),
        ("recording", (row.recording or "").replace("_", " ")),
        ("saying it is AI", row.ai_disclosure.replace("_", " ")),
        ("lists", ", ".join(f"{name} at most {days} days old" for name, days in row.lists.items())),
        ("duties", "; ".join(row.duties)),
        ("note", row.note),
    )
    return ((label, str(value)) for label, value in told if value)


def _hours(week: tuple[tuple[Span, ...], ...]) -> str:
    """`mon-fri 09:00-20:00, sat 10:00-17:00, sun closed`."""
    runs: list[tuple[str, str, tuple[Span, ...]]] = []
    for day, spans in zip(DAYS, week, strict=True):
        if runs and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return ", ".join(f"{first if first == last else f'{first}-{last}'} {_spans(spans)}" for first, last, spans in runs)


def _spans(spans: tuple[Span, ...]) -> str:
    return " and ".join(f"{_clock(a)}-{_clock(b)}" for a, b in spans) or "closed"


def _clock(minute: int) -> str:
    return "24:00" if minute == DAY else f"{minute // 60:02}:{minute % 60:02}"
