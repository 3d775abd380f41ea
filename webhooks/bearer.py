"""The bearer token of the JSON API, compared in constant time."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from webhooks import ground
from webhooks.problems import Problem

_scheme = HTTPBearer(auto_error=False, description="API_TOKEN")


def matches(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


async def required(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]) -> None:
    """Refuse whoever does not hold the API token."""
    if given is None or not matches(given.credentials, ground.of(request).settings.bearer_token):
        raise Problem(
            401, "unauthorized", "Send the API token as a bearer token.", headers={"WWW-Authenticate": "Bearer"}
        )
