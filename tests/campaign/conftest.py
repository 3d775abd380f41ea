"""A lead to hang rows on."""

from collections.abc import Callable
from typing import Any

import pytest

from campaign import clock, ids
from campaign.database import Database
from campaign.records import Lead


@pytest.fixture
def make_lead(database: Database) -> Callable[..., Lead]:
    def make(**given: Any) -> Lead:
        lead_id = ids.new("lead")
        row = {
            "campaign": "solar-us",
            "source": "website",
            "external_id": lead_id,
            "received_at": clock.now(),
            "updated_at": clock.now(),
        }
        lead = Lead(id=lead_id, **{**row, **given})
        with database.transaction() as session:
            session.add(lead)
        return lead

    return make
