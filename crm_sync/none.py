"""No CRM: outcomes stay in our own console, and the outbox is emptied."""

from collections.abc import Mapping
from typing import Any

from crm_sync.adapter import Remember
from crm_sync.payload import CrmWrite


class NoCrm:
    def deliver(self, entry_id: str, write: CrmWrite, remote: Mapping[str, Any], remember: Remember) -> list[str]:
        return []

    def close(self) -> None:
        return None
