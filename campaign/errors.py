"""Error families. An error says whether trying again can help and carries its data, not only a sentence.

`Retryable`: the same request may succeed later. `Permanent`: it never will as it stands. `Refused`: somebody may not do
this (signature, policy). Adapters translate what their provider throws into one of these with `raise … from`.
"""

from typing import Any


class FirstringError(Exception):
    """Base of all errors of ours. `code` is stable and machine-readable; `data` never holds personal data."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **data: Any) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.data = data


class Retryable(FirstringError):
    """Trouble that passes: try again, after `retry_after` seconds when it is known."""

    code = "retryable"

    def __init__(self, message: str, *, retry_after: float | None = None, code: str | None = None, **data: Any) -> None:
        super().__init__(message, code=code, **data)
        self.retry_after = retry_after


class Permanent(FirstringError):
    """The request itself is wrong; trying again changes nothing."""

    code = "permanent"


class Refused(FirstringError):
    """A signature, token or policy forbids it."""

    code = "refused"
