"""The short storm: fixed seed, SQLite. `make chaos` runs long ones, also on PostgreSQL."""

import pytest

from tests.chaos.run import storm

SEED = 20261122


@pytest.mark.timeout(420)
def test_a_short_storm_breaks_no_promise() -> None:
    print(f"\nseed {SEED}")
    assert storm(SEED, 25, None, print) == []
