"""`firstring doctor`: tries every credential, permission, address and clock, and says how to mend each one that fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx
import redis
import sqlalchemy as sa
from rich.console import Console

from campaign import clock, migrations, store
from campaign.database import Database
from campaign.errors import FirstringError, Permanent
from campaign.file import Campaign
from campaign.settings import Settings
from crm_sync import choice

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
        ("database", lambda: _database(database)),
        ("Redis", lambda: _redis(settings)),
        ("public address", lambda: _public(settings)),
        ("campaigns", lambda: _campaigns(database, campaigns)),
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
        load(campaign.playbook)
        yield Finding(f"campaign {campaign.name}, playbook {campaign.playbook}")
    if not found:
        yield Finding("campaigns", "none applied: `firstring campaign apply FILE.yaml`")


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
        owned = {number["phone_number"] for number in answer.json()["incoming_phone_numbers"]}
    for caller in sorted(
        {caller for campaign in campaigns for caller in campaign.caller_ids} | set(settings.from_numbers)
    ):
        yield Finding(
            f"caller ID {caller}",
            "" if caller in owned else "not a number of this Twilio account: buy or verify it, or remove it",
        )
    if not settings.twilio_auth_token:
        yield Finding("TWILIO_AUTH_TOKEN", "needed to check the signatures of Twilio's callbacks")


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
        choice.adapter(settings).close()
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
