"""Signing in: real JWT assertions, refresh tokens, expiry, scopes, delegation."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.auth import crypt, jwt
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials, service_account
from googleapiclient import discovery

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/calendar"
Execute = Callable[[Any], Any]


def assertion(document: dict[str, str], **claims: Any) -> str:
    now = int(time.time())
    signer = crypt.RSASigner.from_service_account_info(document)
    standard = {"iss": document["client_email"], "aud": document["token_uri"], "iat": now, "exp": now + 3600}
    return jwt.encode(signer, standard | {"scope": SCOPE} | claims).decode()


def exchange(google: httpx.Client, text: str) -> httpx.Response:
    return google.post("/token", data={"grant_type": BEARER, "assertion": text})


@pytest.fixture
def document(google: httpx.Client, credentials_file: Path) -> dict[str, str]:
    held: dict[str, str] = json.loads(credentials_file.read_text(encoding="utf-8"))
    return held


def test_the_credentials_file_is_private(google: httpx.Client, credentials_file: Path) -> None:
    assert credentials_file.stat().st_mode & 0o077 == 0


def test_a_good_assertion_becomes_a_token(google: httpx.Client, document: dict[str, str]) -> None:
    answer = exchange(google, assertion(document))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "https://example.com/token"}, "audience"),
        ({"exp": int(time.time()) - 4000, "iat": int(time.time()) - 7600}, "short-lived"),
        ({"exp": int(time.time()) + 90_000}, "short-lived"),
        ({"iss": "someone@else"}, "account not found"),
    ],
)
def test_bad_claims_are_invalid_grants(
    google: httpx.Client, document: dict[str, str], claims: dict[str, Any], words: str
) -> None:
    answer = exchange(google, assertion(document, **claims))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert words in answer.json()["error_description"]


def test_a_forged_signature_is_refused(google: httpx.Client, document: dict[str, str]) -> None:
    head, payload, signature = assertion(document).split(".")
    flipped = signature[:-8] + ("A" if signature[-8] != "A" else "B") + signature[-7:]
    assert exchange(google, f"{head}.{payload}.{flipped}").json()["error"] == "invalid_grant"
    assert exchange(google, "garbage").json()["error"] == "invalid_grant"


def test_a_key_the_server_never_gave_is_refused(google: httpx.Client, document: dict[str, str]) -> None:
    assert exchange(google, assertion(document | {"private_key_id": "0" * 40})).status_code == 400


def test_a_bad_bearer_is_401(google: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = google.get("/calendar/v3/calendars/sal@example.com/events", headers=headers)
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (401, "authError")


def test_the_library_signs_in_again_when_its_token_ends(calendar: Any, execute: Execute, google: httpx.Client) -> None:
    execute(calendar.calendarList().list())
    google.post("/_sandbox/faults", json={"expire_tokens": True}).raise_for_status()
    execute(calendar.calendarList().list())
    statuses = [entry["status"] for entry in google.get("/_sandbox/requests").json()][-3:]
    assert statuses == [401, 200, 200]


def test_scopes_are_checked(google: httpx.Client, credentials_file: Path) -> None:
    held = service_account.Credentials.from_service_account_file(
        str(credentials_file), scopes=[SCOPE + ".freebusy", SCOPE + ".events"]
    )
    endpoint = {"api_endpoint": f"{str(google.base_url).rstrip('/')}/calendar/v3/"}
    client = discovery.build("calendar", "v3", credentials=held, client_options=endpoint)
    client.events().list(calendarId="sal@example.com").execute()
    with pytest.raises(Exception, match="insufficient authentication scopes"):
        client.calendarList().list().execute()


def test_delegation_can_be_denied(as_person: Callable[[str], Any], execute: Execute, google: httpx.Client) -> None:
    google.post("/_sandbox/faults", json={"delegation": "denied"}).raise_for_status()
    with pytest.raises(RefreshError, match="unauthorized_client"):
        execute(as_person("sal@example.com").calendarList().list())


def as_user(document: dict[str, str]) -> credentials.Credentials:
    """By hand, since google-auth's `from_authorized_user_info` ignores the file's `token_uri`."""
    named = {name: value for name, value in document.items() if name != "type"}
    return credentials.Credentials(None, **named)


def test_a_refresh_token_acts_as_its_owner(google: httpx.Client, execute: Execute) -> None:
    held = google.post("/_sandbox/credentials", params={"kind": "authorized_user", "email": "kim@example.com"}).json()
    endpoint = {"api_endpoint": f"{str(google.base_url).rstrip('/')}/calendar/v3/"}
    signed_in = as_user(held)
    client = discovery.build("calendar", "v3", credentials=signed_in, client_options=endpoint)
    assert execute(client.calendars().get(calendarId="primary"))["id"] == "kim@example.com"
    wrong = as_user(held | {"refresh_token": "1//revoked"})
    with pytest.raises(RefreshError, match="invalid_grant"):
        execute(discovery.build("calendar", "v3", credentials=wrong, client_options=endpoint).calendarList().list())
