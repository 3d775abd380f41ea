"""`firstring doctor` on caller IDs: whose they are, and whether calls and texts that come in to them reach us."""

from typing import Any

from campaign.file import parse
from campaign.settings import Settings
from tests.dialer.stage import CAMPAIGN, Twilio
from webhooks.commands import doctor

OURS, OTHER = "+12125550100", "+12125550109"


def findings(settings: Settings, document: str = CAMPAIGN) -> dict[str, str]:
    return {finding.what: finding.remedy for finding in doctor._twilio(settings, [parse(document)])}


def set_up(twilio: Twilio, **numbers: Any) -> None:
    twilio._http.post("/_sandbox/numbers", json=numbers).raise_for_status()


def test_ownership_is_proved_and_addresses_are_named(twilio: Twilio, settings: Settings):
    """A number bought here, one only verified, and one that is nobody's; and what to set on each, word for word."""
    base = f"{settings.public_base}/twilio"
    found = findings(settings)
    assert found[f"caller ID {OURS}: a number of this account"] == ""
    assert found[f"caller ID {OTHER}"].startswith("not a number of this Twilio account")
    assert f"{base}/inbound (HTTP POST)" in found[f"{OURS}, A call comes in"]
    assert f"{base}/inbound/status (HTTP POST)" in found[f"{OURS}, Call status changes"]
    assert f"{base}/sms (HTTP POST)" in found[f"{OURS}, A message comes in"]

    urls = {"voice_url": f"{base}/inbound", "status_callback": f"{base}/inbound/status", "sms_url": f"{base}/sms"}
    set_up(twilio, number=OURS, **urls)
    set_up(twilio, verified=[OTHER])
    found = findings(settings)
    assert [remedy for what, remedy in found.items() if what.startswith(OURS)] == ["", "", ""]
    assert "buy a number instead" in found[f"caller ID {OTHER}: verified, but no number of this account"]
