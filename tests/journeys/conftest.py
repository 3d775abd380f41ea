"""What journeys share: one ordinary installation for the whole run, and empty PostgreSQL databases."""

from collections.abc import Iterator

import pytest

from tests.journeys.stack import Stack
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def _stack() -> Iterator[Stack]:
    with Stack(single_port=True) as running:
        yield running


@pytest.fixture
def stack(_stack: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """SQLite, HubSpot, one public address: the web process passes media on. A test may stop or kill it."""
    if "up" not in _stack.processes:
        _stack.up()
    failed_before = request.session.testsfailed
    yield _stack
    if request.session.testsfailed > failed_before:
        print(_stack.tail())


@pytest.fixture
def empty_postgres_url(_postgres: Postgres) -> Iterator[str]:
    """A database without tables, as a customer's is before `firstring migrate`."""
    with _postgres.for_a_while() as url:
        yield url
