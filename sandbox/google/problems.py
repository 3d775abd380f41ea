"""Google's error answers as values: code, reason and words as the Calendar API prints them."""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Problem(Exception):
    code: int
    reason: str
    message: str
    location: str | None = None
    location_type: str = "parameter"
    domain: str = "global"

    def body(self) -> dict[str, Any]:
        detail = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            detail |= {"locationType": self.location_type, "location": self.location}
        return {"error": {"errors": [detail], "code": self.code, "message": self.message}}


@dataclass(eq=False)
class TokenProblem(Exception):
    """The token endpoint's own error shape (RFC 6749)."""

    status: int
    error: str
    description: str

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


# What a bare status means when a fault names no reason.
REASONS = {
    400: "invalid",
    401: "authError",
    403: "rateLimitExceeded",
    404: "notFound",
    409: "duplicate",
    410: "deleted",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "backendError",
    502: "backendError",
    503: "backendError",
    504: "backendError",
}
MESSAGES = {
    "rateLimitExceeded": "Rate Limit Exceeded",
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "quotaExceeded": "Calendar usage limits exceeded.",
    "backendError": "Backend Error",
    "forbiddenForServiceAccounts": (
        "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
    ),
    "authError": "Invalid Credentials",
    "notFound": "Not Found",
    "conditionNotMet": "Precondition Failed",
}
DOMAINS = {
    "rateLimitExceeded": "usageLimits",
    "userRateLimitExceeded": "usageLimits",
    "quotaExceeded": "usageLimits",
    "forbiddenForServiceAccounts": "calendar",
}


def of_status(status: int, reason: str | None) -> Problem:
    """The problem a fault rule asks for."""
    word = reason or REASONS.get(status, "backendError")
    return Problem(status, word, MESSAGES.get(word, "Simulated error"), domain=DOMAINS.get(word, "global"))


def not_found() -> Problem:
    return Problem(404, "notFound", "Not Found")


def invalid(message: str, location: str | None = None) -> Problem:
    return Problem(400, "invalid", message, location)


def required(message: str, location: str) -> Problem:
    return Problem(400, "required", message, location)


def unauthorized() -> Problem:
    return Problem(401, "authError", "Invalid Credentials", "Authorization", "header")


def precondition_failed() -> Problem:
    return Problem(412, "conditionNotMet", "Precondition Failed", "If-Match", "header")
