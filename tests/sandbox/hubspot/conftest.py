"""One sandbox HubSpot for the run, emptied before each test; `hubspot` is signed in."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.local.running import running


@pytest.fixture(scope="session")
def hubspot_process() -> Iterator[str]:
    with running("hubspot") as url:
        yield url


@pytest.fixture
def hubspot(hubspot_process: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer pat-sandbox"}
    with httpx.Client(base_url=hubspot_process, headers=headers, trust_env=False, timeout=10) as client:
        client.post("/_sandbox/reset").raise_for_status()
        yield client
