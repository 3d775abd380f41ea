"""Real worker and beat processes on a real broker, to be started, killed and started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from campaign.jobs import QUEUES
from tests.conftest import die_with_parent
from tests.dialer.stage import ROOT, Stage

EVERY_QUEUE = ",".join(sorted(set(QUEUES.values())))


class Workers:
    """The processes of one test; `close` kills whatever is left."""

    def __init__(self, stage: Stage, broker: str, logs: Path) -> None:
        settings = stage.settings
        self.environment = os.environ | {
            "REDIS_URL": broker,
            "DATABASE_URL": settings.database_url,
            "PUBLIC_URL": settings.public_url,
            "TWILIO_API_URL": settings.twilio_api_url,
            "TWILIO_CALLS_PER_SECOND": str(settings.twilio_calls_per_second),
            "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
            "VAR_DIR": str(settings.var_dir),
        }
        self.logs = logs
        self.running: list[subprocess.Popen[bytes]] = []

    def worker(self, pool: str = "prefork", concurrency: int = 3) -> subprocess.Popen[bytes]:
        arguments = ["worker", "-Q", EVERY_QUEUE, "--pool", pool, "-c", str(concurrency)]
        return self._start(*arguments, "--without-gossip", "--without-mingle", "-l", "INFO")

    def beat(self) -> subprocess.Popen[bytes]:
        return self._start("beat", "--schedule", str(self.logs / "beat"), "--pidfile=")

    def is_ready(self) -> bool:
        return " ready." in self.log().rsplit("--- start", 1)[-1]

    def log(self) -> str:
        path = self.logs / "worker.log"
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        name = "beat.log" if arguments[0] == "beat" else "worker.log"
        with (self.logs / name).open("a") as log:
            log.write("--- start\n")
            log.flush()
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "dialer.worker", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509
            )
        self.running.append(process)
        return process
