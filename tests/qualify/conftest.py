"""A desk at which the tools are tried, with a calendar on paper."""

from collections.abc import Callable

import pytest

from campaign.records import Lead
from qualify import playbook_file
from qualify.tools.desk import Desk
from tests.qualify.paper import CAMPAIGN, NOW, PaperCalendar


@pytest.fixture
def paper() -> PaperCalendar:
    return PaperCalendar()


@pytest.fixture
def new_desk() -> Callable[[], Desk]:
    return lambda: desk_with(PaperCalendar())


@pytest.fixture
def desk(paper: PaperCalendar) -> Desk:
    return desk_with(paper)


def desk_with(paper: PaperCalendar) -> Desk:
    lead = Lead(id="lead_1", campaign="solar-us", source="website", external_id="x", received_at=NOW, updated_at=NOW)
    return Desk(CAMPAIGN, lead, "att_1", playbook_file.load("solar-us").playbook, "America/New_York", paper)
