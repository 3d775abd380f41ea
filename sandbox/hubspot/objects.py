"""The records: contacts, calls, notes and tasks, with unique properties, archiving and a search index that lags.

Ids are numeric strings. `at_index` gives a record as search knows it; reads by id are always current.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot import associations
from sandbox.hubspot.associations import Associations
from sandbox.hubspot.problems import Problem, invalid, invalid_values, not_found, value_fault
from sandbox.hubspot.properties import Properties
from sandbox.local import clock

KINDS = ("contacts", "calls", "notes", "tasks")
_DATES = {"contacts": ("createdate", "lastmodifieddate")}
_BASIC = {"contacts": ("email", "firstname", "lastname")}


@dataclass(slots=True)
class Record:
    kind: str
    id: str
    properties: dict[str, str]
    created: str
    updated: str
    indexed: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    @property
    def ref(self) -> associations.Ref:
        return (self.kind, self.id)

    def note_index(self) -> None:
        """Keep what search will see from this moment on."""
        self.indexed = [*self.indexed[-20:], (time.monotonic(), dict(self.properties))]

    def at_index(self, lag_s: float) -> dict[str, str] | None:
        seen = [values for moment, values in self.indexed if moment <= time.monotonic() - lag_s]
        return seen[-1] if seen else None


@dataclass(slots=True)
class Portal:
    """One HubSpot account."""

    properties: dict[str, Properties] = field(default_factory=dict)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    links: Associations = field(default_factory=Associations)
    last_id: int = 100

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.properties = {kind: Properties(kind) for kind in KINDS}
        self.records = {kind: {} for kind in KINDS}
        self.links = Associations()
        self.last_id = 100

    def find(self, kind: str, key: str, id_property: str | None = None) -> Record:
        record = self.maybe(kind, key, id_property)
        if record is None:
            raise not_found(f"Object not found.  objectId are usually numeric. ({kind})")
        return record

    def maybe(self, kind: str, key: str, id_property: str | None) -> Record | None:
        if id_property in (None, "", "hs_object_id"):
            return self.records[kind].get(key)
        if not self.properties[kind].unique(str(id_property)):
            raise invalid(f"Property {id_property} is not a unique identifier property of {kind}")
        wanted = key.lower() if id_property == "email" else key
        matching = (one for one in self.records[kind].values() if one.properties.get(str(id_property)) == wanted)
        return next(matching, None)

    def create(self, kind: str, body: dict[str, Any]) -> Record:
        values = self.properties[kind].checked(body.get("properties"), creating=True)
        self._check_unique(kind, values, None)
        targets = [self._target(kind, one) for one in body.get("associations") or []]
        self.last_id += 1
        stamp = clock.rfc3339(clock.now())
        record = Record(kind, str(self.last_id), {}, stamp, stamp)
        self.records[kind][record.id] = record
        self._store(record, values)
        for target in targets:
            self.links.put(record.ref, target)
        return record

    def update(self, record: Record, body: dict[str, Any]) -> Record:
        values = self.properties[record.kind].checked(body.get("properties"), creating=False)
        self._check_unique(record.kind, values, record)
        record.updated = clock.rfc3339(clock.now())
        self._store(record, values)
        return record

    def upsert(self, kind: str, body: dict[str, Any]) -> tuple[Record, bool]:
        """The record of a unique value, and whether it is new."""
        id_property, key = body.get("idProperty"), body.get("id")
        if not isinstance(key, str) or not key or not id_property:
            raise invalid("Upsert inputs need idProperty and id")
        found = self.maybe(kind, key, str(id_property))
        if found:
            return self.update(found, body), False
        given = body.get("properties")
        if not isinstance(given, dict):
            raise invalid("Invalid input JSON: properties must be an object")
        return self.create(kind, {"properties": {str(id_property): key} | given}), True

    def archive(self, kind: str, key: str) -> None:
        record = self.records[kind].pop(key, None)
        if record:
            self.links.forget(record.ref)

    def _store(self, record: Record, values: dict[str, str]) -> None:
        created, modified = _DATES.get(record.kind, ("hs_createdate", "hs_lastmodifieddate"))
        own = {created: record.created, modified: record.updated, "hs_object_id": record.id}
        record.properties |= values | own
        record.note_index()

    def _check_unique(self, kind: str, values: dict[str, str], own: Record | None) -> None:
        for name, value in values.items():
            if not value or not self.properties[kind].unique(name):
                continue
            other = self.maybe(kind, value, name)
            if other is None or other is own:
                continue
            if (kind, name) == ("contacts", "email"):
                raise Problem(409, f"Contact already exists. Existing ID: {other.id}", "CONFLICT")
            message = f"{value} is already set on another object: propertyName={name}, existingObjectId={other.id}"
            raise invalid_values([value_fault(name, "CONFLICTING_UNIQUE_VALUE", message)])

    def _target(self, kind: str, given: Any) -> associations.Ref:
        target = str(given.get("to", {}).get("id", "")) if isinstance(given, dict) else ""
        types = given.get("types") if isinstance(given, dict) else None
        for other in KINDS:
            known = associations.TYPE_IDS.get((kind, other))
            if known and isinstance(types, list) and any(one.get("associationTypeId") == known for one in types):
                associations.check_types(kind, other, types)
                return self.find(other, target).ref
        raise invalid(f"One or more associations are not valid for {kind}: {types}")


def shown(portal: Portal, record: Record, names: list[str], linked: list[str] | None = None) -> dict[str, Any]:
    """A record as a response prints it: the basic properties and those asked for (null when unset)."""
    dates = _DATES.get(record.kind, ("hs_createdate", "hs_lastmodifieddate"))
    always = ("hs_object_id", *dates, *(() if names else _BASIC.get(record.kind, ())))
    known = [name for name in dict.fromkeys((*always, *names)) if name in portal.properties[record.kind].defined]
    answer: dict[str, Any] = {
        "id": record.id,
        "properties": {name: record.properties.get(name) or None for name in known},
        "createdAt": record.created,
        "updatedAt": record.updated,
        "archived": False,
    }
    found = {kind: portal.links.of(record.ref, kind) for kind in linked or []}
    lists = {
        kind: {"results": [{"id": one, "type": associations.label(record.kind, kind)} for one in ids]}
        for kind, ids in found.items()
        if ids
    }
    return answer | ({"associations": lists} if lists else {})


def written(record: Record) -> dict[str, Any]:
    """A record as a write's answer prints it: every property that holds a value."""
    return {
        "id": record.id,
        "properties": {name: value for name, value in record.properties.items() if value},
        "createdAt": record.created,
        "updatedAt": record.updated,
        "archived": False,
    }
