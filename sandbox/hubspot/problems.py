"""HubSpot's error answers: status, category and words, each with a correlation id."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Problem(Exception):
    status: int
    message: str
    category: str
    more: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
            **self.more,
        }


def invalid(message: str, **more: Any) -> Problem:
    return Problem(400, message, "VALIDATION_ERROR", more)


def invalid_values(faults: list[dict[str, Any]]) -> Problem:
    """The list of wrong properties travels as JSON inside the message, as HubSpot sends it."""
    return invalid(f"Property values were not valid: {json.dumps(faults)}")


def value_fault(name: str, error: str, message: str) -> dict[str, Any]:
    return {"isValid": False, "message": message, "error": error, "name": name, "localizedErrorMessage": message}


def not_found(message: str = "resource not found") -> Problem:
    return Problem(404, message, "OBJECT_NOT_FOUND")


def unauthenticated() -> Problem:
    return Problem(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def rate_limited(policy: str) -> Problem:
    words = {
        "SECONDLY": "You have reached your ten_secondly_rolling limit.",
        "DAILY": "You have reached your daily limit.",
    }
    more = {"errorType": "RATE_LIMIT", "policyName": policy}
    return Problem(429, words.get(policy, "You have reached your limit."), "RATE_LIMITS", more)


def of_status(status: int, reason: str | None) -> Problem:
    """The problem a fault rule asks for."""
    if status == 429:
        return rate_limited(reason or "SECONDLY")
    category = reason or ("INTERNAL_ERROR" if status >= 500 else "VALIDATION_ERROR")
    return Problem(status, "There was a problem with the request.", category)
