"""What the outbox asks of a CRM."""

from collections.abc import Mapping
from typing import Any, Protocol

from crm_sync.payload import CrmWrite


class Remember(Protocol):
    def __call__(self, **ids: Any) -> None:
        """Store what the other side told us, at once: whatever happens next, a repeat will know it."""


class Adapter(Protocol):
    """Raises `CrmUnavailable`, `CrmPaused` or `CrmRefused`."""

    def deliver(self, entry_id: str, write: CrmWrite, remote: Mapping[str, Any], remember: Remember) -> list[str]:
        """Tell the CRM; returns flags for what had to be left out."""

    def close(self) -> None: ...
