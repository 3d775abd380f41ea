"""What a CRM's answer means for the outbox."""

from campaign.errors import Permanent, Retryable


class CrmUnavailable(Retryable):
    """No answer, trouble on their side, or too fast: this entry again later. The write may have happened."""

    code = "crm_unavailable"


class CrmPaused(Retryable):
    """Nothing gets through whatever the entry (daily limit, credentials): the whole outbox waits `retry_after`."""

    code = "crm_paused"


class CrmRefused(Permanent):
    """The entry itself is refused; a person must look. `properties` names the refused ones, when the CRM said."""

    code = "crm_refused"

    @property
    def properties(self) -> frozenset[str]:
        return frozenset(self.data.get("properties", ()))
