"""Which CRM is written: the one the settings name, or a clear refusal at start."""

from collections.abc import Callable

from campaign.errors import Permanent
from campaign.settings import Settings
from crm_sync.adapter import Adapter
from crm_sync.hubspot import HubSpot
from crm_sync.webhook import Webhook


def check(settings: Settings) -> None:
    """Raises `Permanent` when the settings cannot work; called once at a root to refuse early."""
    if settings.crm != "none":
        adapter(settings).close()


def adapter(settings: Settings) -> Adapter:
    """Of the CRM that is told. Raises `Permanent` when the settings cannot work."""
    made: dict[str, Callable[[], Adapter]] = {
        "webhook": lambda: Webhook(settings),
        "hubspot": lambda: _hubspot(settings),
    }
    if settings.crm not in made:
        raise Permanent(
            f"CRM={settings.crm} is not supported yet; use hubspot, webhook or none", code="crm_not_supported"
        )
    return made[settings.crm]()


def _hubspot(settings: Settings) -> Adapter:
    if not settings.hubspot_access_token:
        raise Permanent("CRM=hubspot needs HUBSPOT_ACCESS_TOKEN", code="crm_settings")
    return HubSpot(settings)
