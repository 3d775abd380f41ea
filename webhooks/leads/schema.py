"""The leads door in OpenAPI words: two request encodings of one schema, the three signature headers, every answer."""

from typing import Any

from webhooks.leads.payload import ConsentForm, LeadForm
from webhooks.openapi import problems


def _inline() -> dict[str, Any]:
    """`LeadForm` with its consent inlined, since `openapi_extra` cannot register components."""
    schema = LeadForm.model_json_schema(mode="validation")
    schema.pop("$defs", None)
    consent = ConsentForm.model_json_schema(mode="validation")
    schema["properties"]["consent"] = {"anyOf": [consent, {"type": "null"}]}
    return schema


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": {"type": "string"}}


OPENAPI: dict[str, Any] = {
    "openapi_extra": {
        "parameters": [
            _header("webhook-id", "The sender's id of this message; a repeat is a duplicate"),
            _header("webhook-timestamp", "Seconds since 1970; at most five minutes off"),
            _header(
                "webhook-signature", "`v1,` + base64(HMAC-SHA256(secret, id.timestamp.body)); several, space-separated"
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _inline()},
                "application/x-www-form-urlencoded": {"schema": {"type": "object", "additionalProperties": True}},
            },
        },
    },
    "responses": problems(400, 401, 413, 415, 422, 503),
}
