"""`firstring doctor`: tries every credential, permission, address and clock, and says how to mend each one that fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import redis
import sqlalchemy as sa
from rich.console import Console

from campaign import clock, migrations, store, zones
from campaign.database import Database
from campaign.errors import FirstringError, Permanent
from campaign.file import Campaign
from campaign.settings import Settings
from crm_sync import choice
from dialer import lists

SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is empty when all is well."""

    what: str
    remedy: str = ""


def run(settings: Settings) -> int:
    """Print every finding; the number of those that need mending, at most 1, is the exit status."""
    console = Console()
    ill = 0
    for finding in examine(settings):
        ill += bool(finding.remedy)
        console.print(
            f"[red]✗[/] {finding.what}: {finding.remedy}" if finding.remedy else f"[green]✓[/] {finding.what}",
            highlight=False,
            soft_wrap=True,
        )
    console.print("Everything is ready." if not ill else f"{ill} to mend.")
    return min(ill, 1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn; one that breaks reports itself and the others go on."""
    database = Database(settings.database_url)
    campaigns: list[Campaign] = []
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("time zone data", _zones),
        ("database", lambda: _database(database)),
        ("Redis", lambda: _redis(settings)),
        ("public address", lambda: _public(settings)),
        ("campaigns", lambda: _campaigns(database, campaigns)),
        ("lists", lambda: _lists(campaigns)),
        ("Twilio", lambda: _twilio(settings, campaigns)),
        ("OpenAI", lambda: _openai(settings)),
        ("Google Calendar", lambda: _google(settings, database, campaigns)),
        ("CRM", lambda: _crm(settings)),
    ]
    for name, check in checks:
        try:
            yield from check()
        except (
            FirstringError,
            httpx.HTTPError,
            OSError,
            ValueError,
            redis.RedisError,
            sa.exc.SQLAlchemyError,
        ) as error:
            yield Finding(name, f"{type(error).__name__}: {error}".splitlines()[0])
    database.dispose()


def _zones() -> Iterator[Finding]:
    found = zones.faults()
    yield Finding(f"time zone data {zones.version()}", f"{'; '.join(found)}: {zones.REMEDY}" if found else "")


def _database(database: Database) -> Iterator[Finding]:
    behind = migrations.differences(database.engine)
    yield Finding(f"database ({database.engine.dialect.name})", "run `firstring migrate`" if behind else "")


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        yield Finding("Redis: none set, `firstring up` starts its own")
        return
    with redis.Redis.from_url(settings.broker(), socket_timeout=3) as client:
        version = tuple(int(part) for part in str(client.info("server")["redis_version"]).split(".")[:2])
        policy = str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    yield Finding(f"Redis {version[0]}.{version[1]}", "" if version >= (6, 2) else "Redis 6.2 or newer is needed")
    yield Finding(
        f"Redis eviction policy {policy}",
        "" if policy in ("", "noeviction") else "set maxmemory-policy noeviction: it may drop jobs",
    )


def _public(settings: Settings) -> Iterator[Finding]:
    answer = httpx.get(settings.public_base + "/healthz", timeout=5)
    yield Finding(
        f"PUBLIC_URL {settings.public_base}",
        "" if answer.is_success else f"/healthz answers {answer.status_code}: is it this installation?",
    )
    if not settings.public_base.startswith("https://"):
        yield Finding("PUBLIC_URL is not https: fine for the sandbox, Twilio's media sockets need wss")


def _campaigns(database: Database, found: list[Campaign]) -> Iterator[Finding]:
    from qualify.playbook_file import load

    with database.reading() as session:
        found += [Campaign.model_validate(row.config) for row in store.active(session)]
    for campaign in found:
        named = [campaign.playbook, *campaign.languages.values()]
        for playbook in named:
            load(playbook)
        yield Finding(f"campaign {campaign.name}, playbook {', '.join(named)}")
    if not found:
        yield Finding("campaigns", "none applied: `firstring campaign apply FILE.yaml`")


def _lists(campaigns: list[Campaign]) -> Iterator[Finding]:
    given = lists.environment()
    for campaign in campaigns:
        for one in campaign.scrubs:
            ills = (lists.trouble(one, country, clock.now(), given) for country in one.countries or campaign.countries)
            yield Finding(f"list {one.list} of {campaign.name}", next((ill for ill in ills if ill), ""))


def _twilio(settings: Settings, campaigns: list[Campaign]) -> Iterator[Finding]:
    user = settings.twilio_api_key or settings.twilio_account_sid
    secret = settings.twilio_api_secret or settings.twilio_auth_token
    if not (settings.twilio_account_sid and secret):
        yield Finding(
            "Twilio", "set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and, better, TWILIO_API_KEY with TWILIO_API_SECRET"
        )
        return
    root = f"{settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts/{settings.twilio_account_sid}"
    with httpx.Client(auth=(user, secret), timeout=10) as client:
        answer = client.get(root + "/IncomingPhoneNumbers.json", params={"PageSize": 1000})
        if answer.status_code in (401, 403):
            yield Finding(
                "Twilio credentials",
                "refused: check account SID and key, and that the key belongs to this account and region",
            )
            return
        answer.raise_for_status()
        yield Finding("Twilio credentials")
        yield _skew(answer)
        owned = {number["phone_number"]: number for number in answer.json()["incoming_phone_numbers"]}
        listed = client.get(root + "/OutgoingCallerIds.json", params={"PageSize": 1000})
        listed.raise_for_status()
        verified = {number["phone_number"] for number in listed.json()["outgoing_caller_ids"]}
    yield from _caller_ids(settings, campaigns, owned, verified)
    if not settings.twilio_auth_token:
        yield Finding("TWILIO_AUTH_TOKEN", "needed to check the signatures of Twilio's callbacks")


def _caller_ids(
    settings: Settings, campaigns: list[Campaign], owned: dict[str, dict[str, Any]], verified: set[str]
) -> Iterator[Finding]:
    """Proof of ownership: bought here, or verified by a call to it. Only a number of ours can send people to us."""
    texting = {caller for campaign in campaigns if campaign.texts.any for caller in campaign.caller_ids}
    for caller in sorted(
        {caller for campaign in campaigns for caller in campaign.caller_ids} | set(settings.from_numbers)
    ):
        if caller in owned:
            yield Finding(f"caller ID {caller}: a number of this account")
            yield from _addresses(settings, caller, owned[caller], texts=caller in texting)
        elif caller in verified:
            yield Finding(
                f"caller ID {caller}: verified, but no number of this account",
                "people who ring it back do not reach us, and carriers trust it less: buy a number instead",
            )
        else:
            yield Finding(f"caller ID {caller}", "not a number of this Twilio account: buy or verify it, or remove it")


def _addresses(settings: Settings, caller: str, number: dict[str, Any], *, texts: bool) -> Iterator[Finding]:
    """Where Twilio asks what to do with calls and texts that come in to a number."""
    base = f"{settings.public_base}/twilio"
    wanted = {"voice_url": f"{base}/inbound", "status_callback": f"{base}/inbound/status", "sms_url": f"{base}/sms"}
    if texts and not (number.get("capabilities") or {}).get("sms", True):
        yield Finding(f"texts from {caller}", "the number cannot send texts: take `texts` out of the campaign file")
    for field, url in wanted.items():
        words = {
            "voice_url": "A call comes in",
            "status_callback": "Call status changes",
            "sms_url": "A message comes in",
        }
        name = f"{caller}, {words[field]}"
        yield Finding(name, "" if number.get(field) == url else f"set it to {url} (HTTP POST) in Twilio's console")


def _skew(answer: httpx.Response) -> Finding:
    stamp = answer.headers.get("date")
    if not stamp:
        return Finding("clock: the carrier sends no Date header to compare with")
    off = abs(parsedate_to_datetime(stamp) - clock.real_now())
    return Finding(
        f"clock within {off.total_seconds():.0f} s of the carrier's",
        "" if off < SKEW else "set this machine's clock (NTP)",
    )


def _openai(settings: Settings) -> Iterator[Finding]:
    if not settings.openai_api_key:
        yield Finding("OpenAI", "set OPENAI_API_KEY")
        return
    url = f"{settings.openai_api_url.rstrip('/')}/models/{settings.openai_realtime_model}"
    answer = httpx.get(url, headers={"authorization": f"Bearer {settings.openai_api_key}"}, timeout=10)
    remedies = {401: "the key is refused", 404: "this key may not use the model"}
    yield Finding(
        f"OpenAI model {settings.openai_realtime_model}",
        "" if answer.is_success else remedies.get(answer.status_code, f"answers {answer.status_code}"),
    )


def _google(settings: Settings, database: Database, campaigns: list[Campaign]) -> Iterator[Finding]:
    from calendar_sync.calendar import Calendar

    if not (settings.google_service_account_file or settings.google_oauth_file):
        yield Finding("Google Calendar", "set GOOGLE_SERVICE_ACCOUNT_FILE or GOOGLE_OAUTH_FILE")
        return
    calendar = Calendar(settings, database)
    try:
        for campaign in campaigns:
            for name, why in calendar.check(campaign, clock.now()).items():
                remedy = f"cannot be read ({why}): share it with this account, with the right to change events"
                yield Finding(f"calendar {name} of {campaign.name}", remedy if why else "")
    finally:
        calendar.close()


def _crm(settings: Settings) -> Iterator[Finding]:
    try:
        choice.check(settings)
    except Permanent as error:
        yield Finding(f"CRM={settings.crm}", str(error))
        return
    if settings.crm == "hubspot":
        url = f"{settings.hubspot_api_url.rstrip('/')}/crm/v3/objects/contacts?limit=1"
        answer = httpx.get(url, headers={"authorization": f"Bearer {settings.hubspot_access_token}"}, timeout=10)
        yield Finding(
            "HubSpot",
            ""
            if answer.is_success
            else f"answers {answer.status_code}: check HUBSPOT_ACCESS_TOKEN and its contacts and calls scopes",
        )
    else:
        yield Finding("CRM: none, outcomes stay in the console" if settings.crm == "none" else f"CRM={settings.crm}")
