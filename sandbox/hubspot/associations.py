"""Links between objects, each stored in both directions with HubSpot's own type ids."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.problems import invalid

Ref = tuple[str, str]  # object type, object id

TYPE_IDS = {
    ("contacts", "calls"): 193,
    ("calls", "contacts"): 194,
    ("contacts", "notes"): 201,
    ("notes", "contacts"): 202,
    ("contacts", "tasks"): 203,
    ("tasks", "contacts"): 204,
}
OBJECT_TYPE_IDS = {"contacts": "0-1", "calls": "0-48", "notes": "0-46", "tasks": "0-27"}


@dataclass(slots=True)
class Associations:
    links: set[tuple[Ref, Ref]] = field(default_factory=set)

    def put(self, one: Ref, other: Ref) -> None:
        default_type(one[0], other[0])
        self.links |= {(one, other), (other, one)}

    def drop(self, one: Ref, other: Ref) -> None:
        self.links -= {(one, other), (other, one)}

    def forget(self, ref: Ref) -> None:
        self.links = {pair for pair in self.links if ref not in pair}

    def of(self, one: Ref, kind: str) -> list[str]:
        """The ids of this kind linked to an object, oldest id first."""
        return sorted((other[1] for start, other in self.links if start == one and other[0] == kind), key=int)

    def linked_kinds(self, one: Ref) -> list[str]:
        return sorted({other[0] for start, other in self.links if start == one})


def default_type(from_kind: str, to_kind: str) -> int:
    found = TYPE_IDS.get((from_kind, to_kind))
    if found is None:
        raise invalid(f"No default association exists between {from_kind} and {to_kind}")
    return found


def check_types(from_kind: str, to_kind: str, types: Any) -> None:
    """Refuse a type id that does not belong to this pair: the usual mistake is its reverse (193 for 194)."""
    wanted = default_type(from_kind, to_kind)
    if not isinstance(types, list) or not types or not all(isinstance(one, dict) for one in types):
        raise invalid("Invalid input JSON: association types are required")
    for one in types:
        if one.get("associationCategory") != "HUBSPOT_DEFINED" or one.get("associationTypeId") != wanted:
            raise invalid(
                f"One or more associations are not valid: type id {one.get('associationTypeId')} does not go from "
                f"{from_kind} to {to_kind}"
            )


def label(from_kind: str, to_kind: str) -> str:
    return f"{from_kind.removesuffix('s')}_to_{to_kind.removesuffix('s')}"


def spec(from_kind: str, to_kind: str) -> dict[str, Any]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": default_type(from_kind, to_kind)}
