"""What `firstring doctor` says of the pool: each calendar by its name, and why one cannot be read."""

from typing import Any

from campaign.database import Database
from campaign.file import Campaign
from campaign.settings import Settings
from tests.calendar_sync.conftest import KIM, SAL
from webhooks.commands.doctor import _crm, _google


def test_each_calendar_of_the_pool_is_named_with_its_trouble(
    settings: Settings, database: Database, campaign: Campaign, google: Any
) -> None:
    google.fault(access={KIM: "none"})
    found = {finding.what: finding.remedy for finding in _google(settings, database, [campaign])}
    assert found[f"calendar {SAL} of solar-us"] == ""
    assert "share it with this account" in found[f"calendar {KIM} of solar-us"]


def test_a_crm_that_cannot_be_written_is_told_with_its_remedy(settings: Settings) -> None:
    (salesforce,) = _crm(settings.model_copy(update={"crm": "salesforce"}))
    assert "use hubspot, webhook or none" in salesforce.remedy
    (unset,) = _crm(settings.model_copy(update={"crm": "webhook"}))
    assert "CRM_WEBHOOK_SECRET" in unset.remedy
    (none,) = _crm(settings)
    assert none.remedy == ""
