"""HubSpot over httpx: one contact per lead, one record per effect, however often it is asked. Blocking.

The timeline has no idempotency key. So the intent is remembered before a record is created, and a repeat that finds the
intent without an id first looks for its own marker among the contact's records. tenacity repeats only what is harmless.
"""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay

from campaign import retry_after
from campaign.settings import Settings
from crm_sync import hubspot_wire as wire
from crm_sync.adapter import Remember
from crm_sync.errors import CrmPaused, CrmRefused, CrmUnavailable
from crm_sync.payload import CrmWrite

log = structlog.get_logger()

# "legacy" in HubSpot's index, but in every account; the dated paths (/crm/objects/2026-03) have the same bodies.
OBJECTS = "/crm/v3/objects"
ASSOCIATIONS = "/crm/v4/objects"
TIMEOUT_S = 10.0
TRIES = 3
PATIENCE_S = 15.0
"""For all tries of one request together; a delivery is four requests at most and must end before its lease."""
RECENT = 100
NUMBER = "hs_call_to_number"


class HubSpot:
    def __init__(self, settings: Settings) -> None:
        self._client = httpx.Client(
            base_url=settings.hubspot_api_url.rstrip("/"),
            headers={"authorization": f"Bearer {settings.hubspot_access_token}"},
            timeout=TIMEOUT_S,
        )

    def deliver(self, entry_id: str, write: CrmWrite, remote: Mapping[str, Any], remember: Remember) -> list[str]:
        """Returns what had to be left out, in our words."""
        flags: list[str] = []
        contact_id = remote.get("contact_id")
        if not contact_id:
            contact_id = self._contact(write, flags)
            remember(contact_id=contact_id)
        if not remote.get("record_id"):
            record = wire.engagement(write)
            found = self._find(record, contact_id, write.marker) if remote.get("record_sent") else None
            if found is None:
                remember(record_sent=True)
                try:
                    found = self._create(record, contact_id, flags)
                except (CrmUnavailable, CrmPaused) as error:
                    if error.data.get("untouched"):
                        remember(record_sent=False)
                    raise
            remember(record_id=found)
        return flags

    def close(self) -> None:
        self._client.close()

    def _contact(self, write: CrmWrite, flags: list[str]) -> str:
        properties = wire.contact(write.contact)
        if "email" in properties:
            try:
                return self._degrading(properties, frozenset(write.contact.mapped), flags, self._upsert)
            except CrmRefused as error:
                if "email" not in error.properties:
                    raise
                flags.append("email_refused")
                properties.pop("email")
        return self._degrading(properties, frozenset(write.contact.mapped), flags, self._by_phone)

    def _upsert(self, properties: Mapping[str, str]) -> str:
        one = {"idProperty": "email", "id": properties["email"], "properties": properties}
        answer = self._repeatable("POST", f"{OBJECTS}/contacts/batch/upsert", {"inputs": [one]})
        results = answer.get("results") or []
        if not results:  # 207: the batch went through, its only entry did not
            raise CrmRefused("HubSpot refuses the contact", properties=tuple(wire.refused_properties(answer)))
        return str(results[0]["id"])

    def _by_phone(self, properties: Mapping[str, str]) -> str:
        """Search lags behind writes by seconds; deliveries of one person are kept in order, so a repeat comes later."""
        phone = properties.get("phone", "")
        filters = [[{"propertyName": name, "operator": "EQ", "value": phone}] for name in ("phone", "mobilephone")]
        query = {"filterGroups": [{"filters": one} for one in filters], "properties": ["phone"], "limit": 1}
        found = self._repeatable("POST", f"{OBJECTS}/contacts/search", query).get("results") if phone else None
        if found:
            contact_id = str(found[0]["id"])
            self._repeatable("PATCH", f"{OBJECTS}/contacts/{contact_id}", {"properties": properties})
            return contact_id
        answer = self._send("POST", f"{OBJECTS}/contacts", {"properties": properties})
        return str(answer["id"])

    def _create(self, record: wire.Engagement, contact_id: str, flags: list[str]) -> str:
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": record.association}

        def create(properties: Mapping[str, str]) -> str:
            content = {"properties": properties, "associations": [{"to": {"id": contact_id}, "types": [link]}]}
            return str(self._send("POST", f"{OBJECTS}/{record.kind}", content)["id"])

        return self._degrading(dict(record.properties), record.mapped, flags, create)

    def _find(self, record: wire.Engagement, contact_id: str, marker: str) -> str | None:
        """Our own record among the contact's, if an earlier create did happen."""
        for record_id, text in self._records(record, contact_id):
            if marker in text:
                return record_id
        return None

    def _records(self, record: wire.Engagement, contact_id: str) -> list[tuple[str, str]]:
        try:
            linked = self._repeatable(
                "GET", f"{ASSOCIATIONS}/contacts/{contact_id}/associations/{record.kind}?limit=500"
            )
        except CrmRefused:  # this account cannot list links: search knows them too, only seconds later
            mine = {"propertyName": "associations.contact", "operator": "EQ", "value": contact_id}
            path = f"{OBJECTS}/{record.kind}/search"
            query = {"filterGroups": [{"filters": [mine]}], "properties": [record.body_property], "limit": RECENT}
            try:
                return _texts(self._repeatable("POST", path, query), record)
            except CrmRefused:  # nor search by link: a call is still known by its number
                number = record.properties.get(NUMBER)
                if not number:
                    raise
            known = {"propertyName": NUMBER, "operator": "EQ", "value": number}
            query |= {"filterGroups": [{"filters": [known]}]}
        else:
            ids = [str(one["toObjectId"]) for one in linked.get("results", ())][-RECENT:]
            if not ids:
                return []
            path = f"{OBJECTS}/{record.kind}/batch/read"
            query = {"properties": [record.body_property], "inputs": [{"id": one} for one in ids]}
        return _texts(self._repeatable("POST", path, query), record)

    def _degrading(
        self,
        properties: dict[str, str],
        mapped: frozenset[str],
        flags: list[str],
        send: Callable[[Mapping[str, str]], str],
    ) -> str:
        """Rather a record without the campaign's own properties than no record; what was left out is flagged."""
        try:
            return send(properties)
        except CrmRefused as error:
            refused = (error.properties or mapped) & properties.keys() - {"email", "hs_timestamp"}
            if not refused:
                raise
            log.warning("HubSpot refuses properties; writing without them", properties=sorted(refused))
            flags += [f"property_refused:{name}" for name in sorted(refused)]
            return send({name: value for name, value in properties.items() if name not in refused})

    def _repeatable(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        retrying = Retrying(
            retry=retry_if_exception_type(CrmUnavailable),
            stop=stop_after_attempt(TRIES) | stop_before_delay(PATIENCE_S),
            wait=_wait,
            reraise=True,
        )
        answer: dict[str, Any] = retrying(self._send, method, path, content)
        return answer

    def _send(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, json=content)
        except httpx.HTTPError as error:
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            raise CrmUnavailable("no answer from HubSpot", reason=type(error).__name__, untouched=unsent) from error
        answer = _json(response)
        if response.is_success:
            return answer
        existing = wire.existing_id(answer) if response.status_code == 409 else None
        if existing:
            return {"id": existing}
        raise wire.trouble(response.status_code, answer, retry_after.seconds(response.headers.get("retry-after")))


def _texts(answer: Mapping[str, Any], record: wire.Engagement) -> list[tuple[str, str]]:
    return [
        (str(one["id"]), str((one.get("properties") or {}).get(record.body_property) or ""))
        for one in answer.get("results", ())
    ]


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, CrmUnavailable) else None
    return asked if asked is not None else 0.3 * 2 ** (state.attempt_number - 1)
