"""`firstring demo`: the whole product on this machine against local stand-ins, with no accounts.

Starts the four simulated vendors, `firstring up` with the product's own configuration pointed at them, and the director that
posts leads and judges how they end (`sandbox/demo`). Everything lives under `var/demo`; a run starts from nothing.
"""

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.errors import Permanent
from campaign.settings import Settings
from dialer import law
from webhooks.commands import embedded
from webhooks.commands.supervisor import Child, NotReady, Supervisor

HOUR_IN_NEW_YORK = 19
"""Tuesday 19:05 in New York is Wednesday 09:05 or later in Sydney: both campaigns are open, Perth is not."""
SYDNEY = ZoneInfo("Australia/Sydney")
CAMPAIGNS = ("solar-us", "dental-au")


def offset(now: datetime) -> int:
    """Seconds that move the business clock to the next Tuesday 19:05 in New York that is no holiday in Sydney."""
    there = now.astimezone(ZoneInfo("America/New_York"))
    wanted = there.replace(hour=HOUR_IN_NEW_YORK, minute=5, second=0, microsecond=0) + timedelta(
        days=(1 - there.weekday()) % 7
    )
    while wanted.astimezone(SYDNEY).date() in law.shipped().statutes["AU"].holidays:
        wanted += timedelta(days=7)
    return int((wanted - there).total_seconds())


def run(settings: Settings, *, once: bool) -> int:
    """Run the demo; the exit status is the director's."""
    home = (settings.var_dir / "demo").resolve()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    ports = _free_ports("twilio", "realtime", "google", "hubspot", "web", "media")
    environment = _environment(home, ports)
    supervisor = Supervisor(_stages(home, ports, environment), _log_to(home / "log"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, supervisor.request_stop)
    print("Starting the product and its simulated vendors …", flush=True)
    try:
        with supervisor:
            return _direct(supervisor, home, ports, environment, once=once)
    except NotReady as error:
        print(f"firstring demo: {error}\nLogs: {home / 'log'}", file=sys.stderr)
        return 1


def _direct(
    supervisor: Supervisor, home: Path, ports: dict[str, int], environment: dict[str, str], *, once: bool
) -> int:
    """The director runs in the foreground; processes that die meanwhile are restarted."""
    if supervisor.stopping:
        return 130
    argv = [sys.executable, "-m", "sandbox.demo", "--report", str(home / "report.json"), "--log", str(home / "log")]
    argv += [f"--{name}=http://127.0.0.1:{port}" for name, port in ports.items() if name != "media"]
    director = subprocess.Popen(argv, env={**os.environ, **environment}, cwd=home)  # noqa: S603  our own program
    supervisor.watch(until=lambda: director.poll() is not None)
    if director.poll() is None:
        director.terminate()
        director.wait(10)
        return 130
    if not once and not supervisor.stopping:
        supervisor.watch()
    return director.returncode


def _environment(home: Path, ports: dict[str, int]) -> dict[str, str]:
    """The product's configuration for the sandbox: the same names as in production, other addresses."""
    local = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    return {
        "ENVIRONMENT": "sandbox",
        "MEDIA_MAX_LAG_MS": "5000",  # everything runs on this one machine: late audio is better than none
        "MEDIA_MAX_BUSY": "1",
        "VAR_DIR": str(home),
        "DATABASE_URL": f"sqlite:///{home}/firstring.db",
        "PUBLIC_URL": local["web"],
        "MEDIA_PUBLIC_URL": f"ws://127.0.0.1:{ports['media']}",
        "PORT": str(ports["web"]),
        "MEDIA_PORT": str(ports["media"]),
        "TWILIO_API_URL": local["twilio"],
        "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
        "TWILIO_AUTH_TOKEN": "sandbox_auth_token_0123456789abcdef",
        "TWILIO_CALLS_PER_SECOND": "20",
        "TWILIO_FROM_NUMBERS": "+12125550100,+61255501234",
        "TWILIO_API_KEY": "",
        "OPENAI_API_KEY": "sk-sandbox",
        "OPENAI_API_URL": local["realtime"] + "/v1",
        "OPENAI_REALTIME_URL": f"ws://127.0.0.1:{ports['realtime']}/v1/realtime",
        "GOOGLE_CALENDAR_URL": local["google"],
        "GOOGLE_SERVICE_ACCOUNT_FILE": str(home / "google.json"),
        "GOOGLE_OAUTH_FILE": "",
        "GOOGLE_IMPERSONATE": "sales@brightroof.example",
        "REDIS_URL": _given_broker(),
        "CRM": "hubspot",
        "HUBSPOT_API_URL": local["hubspot"],
        "HUBSPOT_ACCESS_TOKEN": "pat-sandbox",
        "CLOCK_OFFSET": str(offset(datetime.now(UTC))),
        "LEADS_WEBSITE_SECRET": _secret(),
        "LEADS_SMILES_SECRET": _secret(),
    }


def _stages(home: Path, ports: dict[str, int], environment: dict[str, str]) -> list[list[Child]]:
    extra = {
        "twilio": ["--state-dir", str(home / "twilio"), "--cps", "5"],
        "google": ["--write-credentials", str(home / "google.json")],
    }
    program = [sys.executable, "-m", "webhooks.cli"]
    files = Path(__file__).parents[2] / "sandbox" / "demo" / "campaigns"
    vendors = [
        Child(
            name,
            [sys.executable, "-m", f"sandbox.{name}", "--port", str(ports[name]), *extra.get(name, [])],
            environment,
            ready_line=r"^ready ",
            stop_within=5,
        )
        for name in ("twilio", "realtime", "google", "hubspot")
    ]
    migrate = Child("migrate", [*program, "migrate"], environment, once=True, ready_within=120)
    applied = [
        Child(
            f"apply {name}",
            [*program, "campaign", "apply", str(files / f"{name}.yaml")],
            environment,
            once=True,
            ready_within=60,
        )
        for name in CAMPAIGNS
    ]
    product = Child("up", [*program, "up"], environment, ready_line=r"^ready ", ready_within=120, stop_within=100)
    stages = [[*vendors, migrate], applied, [product]]
    for child in (child for stage in stages for child in stage):
        child.cwd = home  # away from the caller's .env: real credentials must not leak into a demo
    return stages


def _given_broker() -> str:
    """Empty (so `up` starts its own) wherever a server can be started; the caller's REDIS_URL only where none can."""
    try:
        embedded.server_binary()
    except Permanent:
        return os.environ.get("REDIS_URL", "")
    return ""


def _free_ports(*names: str) -> dict[str, int]:
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    ports = {name: opened.getsockname()[1] for name, opened in sockets.items()}
    for opened in sockets.values():
        opened.close()
    return ports


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _log_to(directory: Path) -> Callable[[str, str], None]:
    directory.mkdir(parents=True, exist_ok=True)

    def say(name: str, line: str) -> None:
        with open(directory / f"demo-{name.replace(' ', '-')}.log", "a", encoding="utf-8") as log:
            log.write(line + "\n")

    return say
