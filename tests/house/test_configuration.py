"""Guards over the whole: configuration, documentation and processes agree."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from campaign.env_example import text
from campaign.jobs import QUEUES, celery_app
from campaign.settings import Settings
from webhooks.commands import up

ROOT = Path(__file__).parents[2]


def test_env_example_is_generated_from_the_settings() -> None:
    assert (ROOT / ".env.example").read_text() == text(), "run: python -m campaign.env_example > .env.example"


def test_every_setting_is_in_the_readme_table() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in readme]
    assert missing == []


def test_every_queue_has_a_worker_in_the_procfile() -> None:
    procfile = (ROOT / "Procfile").read_text()
    served = {queue for queues in re.findall(r"--queues (\S+)", procfile) for queue in queues.split(",")}
    assert served == set(QUEUES.values())
    assert {*up.PROMPT_QUEUES.split(","), *up.PATIENT_QUEUES.split(",")} == served


def test_reliability_16_celery_settings_are_the_measured_ones() -> None:
    conf = celery_app("redis://127.0.0.1:1/0").conf
    assert conf.task_acks_late is False
    assert conf.worker_disable_prefetch is True
    assert conf.broker_connection_max_retries is None
    assert conf.result_backend is None
    assert conf.broker_transport_options["socket_timeout"] == 5
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit > conf.task_soft_time_limit


def test_production_refuses_each_unsafe_default_by_name() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, environment="production", clock_offset=60)  # type: ignore[call-arg]
    for name in (
        "PUBLIC_URL",
        "MEDIA_PUBLIC_URL",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "TWILIO_AUTH_TOKEN",
        "CLOCK_OFFSET",
    ):
        assert name in str(refused.value)
