"""A process that could not do its work says so at the start, in one line with a remedy."""

import os
import subprocess
import sys

import pytest

from tests.dialer.stage import ROOT


@pytest.mark.parametrize("command", ["worker", "beat", "up"])
@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"CRM": "salesforce"}, "CRM=salesforce is not supported yet; use hubspot, webhook or none"),
        ({"CRM": "hubspot"}, "CRM=hubspot needs HUBSPOT_ACCESS_TOKEN"),
        ({"CRM": "webhook", "CRM_WEBHOOK_URL": "https://crm.example.com/"}, "CRM=webhook needs CRM_WEBHOOK_URL"),
    ],
)
def test_a_crm_that_cannot_be_written_is_refused_at_the_start(
    command: str, chosen: dict[str, str], said: str, tmp_path: object
) -> None:
    environment = {**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0", "PYTHONPATH": str(ROOT), **chosen}
    done = subprocess.run(  # noqa: PLW1510  its status is what is asked
        [sys.executable, "-m", "webhooks.cli", command],
        cwd=str(tmp_path),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"firstring: {said}"), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
