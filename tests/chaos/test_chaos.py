"""The short storm: fixed seed, on each database. `make chaos` runs long ones."""

import pytest

from tests.chaos.run import storm
from tests.postgres import is_possible, running

SEED = 20261122


@pytest.mark.timeout(420)
def test_a_short_storm_breaks_no_promise() -> None:
    print(f"\nseed {SEED}")
    assert storm(SEED, 25, None, print) == []


@pytest.mark.timeout(420)
@pytest.mark.skipif(not is_possible(), reason="PostgreSQL does not run as root, and there is no user `nobody`")
def test_nor_does_one_in_which_postgresql_is_killed() -> None:
    print(f"\nseed {SEED}")
    with running() as server:
        assert storm(SEED, 25, server, print) == []
