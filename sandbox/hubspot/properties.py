"""Property definitions per object type: HubSpot's own that we know, and the account's custom ones.

Writing to a property that is not defined is refused, so an integration has to create its properties first. Values are
strings on the wire; they are checked against the property's type.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.hubspot.problems import Problem, invalid, invalid_values, not_found, value_fault
from sandbox.local import clock

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_FIELD_TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
    "bool": {"booleancheckbox", "calculation_equation"},
    "phone_number": {"phonenumber"},
}
_GROUPS = {
    "contacts": "contactinformation",
    "calls": "engagement_info",
    "notes": "engagement_info",
    "tasks": "engagement_info",
}

# type -> names; a name in brackets is read-only. "enumeration" entries carry their options.
_ENGAGEMENT = {
    "datetime": "hs_timestamp (hs_createdate) (hs_lastmodifieddate)",
    "string": "(hs_object_id) hs_unique_id hubspot_owner_id hs_attachment_ids hs_object_source_detail_1",
}
_SHIPPED: dict[str, dict[str, str]] = {
    "contacts": {
        "string": "email firstname lastname phone mobilephone company jobtitle website address city state zip country "
        "message salutation hs_timezone hs_language hubspot_owner_id (hs_object_id) hs_legal_basis "
        "hs_content_membership_notes twitterhandle fax",
        "datetime": "(createdate) (lastmodifieddate) notes_last_contacted",
        "number": "numemployees annualrevenue num_notes",
    },
    "calls": {
        **_ENGAGEMENT,
        "string": _ENGAGEMENT["string"] + " hs_call_body hs_call_title hs_call_to_number hs_call_from_number "
        "hs_call_recording_url hs_call_disposition hs_call_callee_object_id hs_call_callee_object_type_id "
        "hs_call_external_id hs_call_external_account_id hs_call_app_id hs_call_summary hs_activity_type "
        "hs_call_transcription_id hs_call_video_recording_url",
        "number": "hs_call_duration",
    },
    "notes": {**_ENGAGEMENT, "string": _ENGAGEMENT["string"] + " hs_note_body"},
    "tasks": {**_ENGAGEMENT, "string": _ENGAGEMENT["string"] + " hs_task_subject hs_task_body hs_task_reminders"},
}
_ENUMERATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "contacts": {
        "lifecyclestage": (
            "subscriber",
            "lead",
            "marketingqualifiedlead",
            "salesqualifiedlead",
            "opportunity",
            "customer",
            "evangelist",
            "other",
        ),
        "hs_lead_status": (
            "NEW",
            "OPEN",
            "IN_PROGRESS",
            "OPEN_DEAL",
            "UNQUALIFIED",
            "ATTEMPTED_TO_CONTACT",
            "CONNECTED",
            "BAD_TIMING",
        ),
    },
    "calls": {
        "hs_call_direction": ("INBOUND", "OUTBOUND"),
        "hs_call_status": (
            "BUSY",
            "CALLING_CRM_USER",
            "CANCELED",
            "COMPLETED",
            "CONNECTING",
            "FAILED",
            "IN_PROGRESS",
            "MISSED",
            "NO_ANSWER",
            "QUEUED",
            "RINGING",
        ),
        "hs_call_source": ("INTEGRATIONS_PLATFORM",),
    },
    "notes": {},
    "tasks": {
        "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
        "hs_task_priority": ("NONE", "LOW", "MEDIUM", "HIGH"),
        "hs_task_type": ("TODO", "CALL", "EMAIL"),
    },
}
_REQUIRED = {"contacts": (), "calls": ("hs_timestamp",), "notes": ("hs_timestamp",), "tasks": ("hs_timestamp",)}
_UNIQUE = {("contacts", "email"), ("contacts", "hs_object_id")} | {
    (kind, name) for kind in _SHIPPED for name in ("hs_object_id", "hs_unique_id")
}


@dataclass(slots=True)
class Properties:
    """The definitions of one object type, by name."""

    kind: str
    defined: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.groups = {_GROUPS[self.kind]: "Default"}
        for type_name, names in _SHIPPED[self.kind].items():
            for name in names.split():
                plain = name.strip("()")
                self._ship(plain, type_name, read_only=plain != name)
        for name, options in _ENUMERATIONS[self.kind].items():
            self._ship(name, "enumeration", options=options)

    def get(self, name: str) -> dict[str, Any]:
        if name not in self.defined:
            raise not_found(f"Property {name} does not exist")
        return self.defined[name]

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        name, type_name, field_type = (str(body.get(key) or "") for key in ("name", "type", "fieldType"))
        missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
        if missing:
            raise invalid(f"Some required fields were not set: {missing}")
        if not _NAME.fullmatch(name):
            raise invalid(f"Property name {name!r} must be lower case letters, numbers and underscores")
        if name in self.defined:
            raise Problem(409, f"A property named '{name}' already exists.", "CONFLICT")
        if field_type not in _FIELD_TYPES.get(type_name, set()):
            raise invalid(f"fieldType {field_type} is not valid for type {type_name}")
        if body["groupName"] not in self.groups:
            raise invalid(f"Property group {body['groupName']} does not exist")
        if type_name == "enumeration" and field_type != "booleancheckbox" and not isinstance(body.get("options"), list):
            raise invalid("Enumeration properties need options")
        self.defined[name] = _definition(name, type_name, field_type, body)
        return self.defined[name]

    def create_group(self, body: dict[str, Any]) -> dict[str, Any]:
        name = str(body.get("name") or "")
        if not _NAME.fullmatch(name) or not body.get("label"):
            raise invalid("A property group needs a name and a label")
        if name in self.groups:
            raise Problem(409, f"A property group named '{name}' already exists.", "CONFLICT")
        self.groups[name] = str(body["label"])
        return {"name": name, "label": body["label"], "displayOrder": -1, "archived": False}

    def unique(self, name: str) -> bool:
        return bool(self.defined.get(name, {}).get("hasUniqueValue"))

    def checked(self, given: Any, creating: bool) -> dict[str, str]:
        """The values as stored; raises what HubSpot answers to wrong ones."""
        if not isinstance(given, dict):
            raise invalid("Invalid input JSON: properties must be an object")
        for name, value in given.items():
            if not isinstance(value, str) and value is not None:
                raise invalid(f"Invalid input JSON: cannot deserialize value of property '{name}' as a string")
        values = {name: value or "" for name, value in given.items()}
        faults = [found for name, value in values.items() if (found := self._fault(name, value))]
        if faults:
            raise invalid_values(faults)
        missing = [name for name in _REQUIRED[self.kind] if creating and not values.get(name)]
        if missing:
            word = self.kind.upper().removesuffix("S")
            raise invalid(
                f"Error creating {word}. Some required properties were not set.", context={"properties": missing}
            )
        return {name: self._stored(name, value) for name, value in values.items()}

    def _fault(self, name: str, value: str) -> dict[str, Any] | None:
        definition = self.defined.get(name)
        if definition is None:
            return value_fault(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if definition["modificationMetadata"]["readOnlyValue"]:
            return value_fault(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        if not value:
            return None
        if name == "email" and self.kind == "contacts" and not _EMAIL.fullmatch(value):
            return value_fault(name, "INVALID_EMAIL", f"Email address {value} is invalid")
        options = [option["value"] for option in definition["options"]]
        if options and not set(value.split(";")) <= set(options):
            return value_fault(name, "INVALID_OPTION", f"{value} was not one of the allowed options: {options}")
        return _type_fault(name, value, definition["type"])

    def _stored(self, name: str, value: str) -> str:
        if name == "email":
            return value.lower()
        is_moment = value and self.defined[name]["type"] == "datetime"
        return clock.rfc3339(moment(value)) if is_moment else value

    def _ship(self, name: str, type_name: str, *, read_only: bool = False, options: tuple[str, ...] = ()) -> None:
        field_type = {"string": "text", "number": "number", "datetime": "date", "enumeration": "select"}[type_name]
        body = {
            "label": name.removeprefix("hs_").replace("_", " ").capitalize(),
            "groupName": _GROUPS[self.kind],
            "options": [
                {"label": one, "value": one, "displayOrder": at, "hidden": False} for at, one in enumerate(options)
            ],
            "hasUniqueValue": (self.kind, name) in _UNIQUE,
        }
        shipped = _definition(name, type_name, field_type, body)
        shipped["hubspotDefined"] = True
        shipped["modificationMetadata"] |= {"readOnlyValue": read_only, "archivable": False, "readOnlyDefinition": True}
        self.defined[name] = shipped


def moment(value: str) -> datetime:
    """A date as HubSpot takes it: epoch milliseconds or ISO 8601."""
    if value.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _type_fault(name: str, value: str, type_name: str) -> dict[str, Any] | None:
    try:
        if type_name == "number":
            float(value)
        elif type_name in ("date", "datetime"):
            moment(value)
        elif type_name == "bool" and value not in ("true", "false"):
            raise ValueError(value)
    except (ValueError, OverflowError):
        error = {"number": "INVALID_INTEGER", "bool": "INVALID_BOOLEAN"}.get(type_name, "INVALID_DATE")
        return value_fault(name, error, f"{value} was not a valid {type_name}.")
    return None


def _definition(name: str, type_name: str, field_type: str, body: dict[str, Any]) -> dict[str, Any]:
    stamp = clock.rfc3339(clock.now())
    return {
        "name": name,
        "label": body["label"],
        "description": body.get("description", ""),
        "type": type_name,
        "fieldType": field_type,
        "groupName": body["groupName"],
        "options": body.get("options") or [],
        "displayOrder": body.get("displayOrder", -1),
        "hasUniqueValue": bool(body.get("hasUniqueValue", False)),
        "hidden": bool(body.get("hidden", False)),
        "formField": bool(body.get("formField", False)),
        "calculated": False,
        "externalOptions": False,
        "archived": False,
        "hubspotDefined": False,
        "createdAt": stamp,
        "updatedAt": stamp,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
    }
