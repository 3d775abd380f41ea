"""Who may speak: service-account keys, refresh tokens, and the access tokens issued for them.

A service account's assertion is really verified (RS256 over the registered public key, audience, times); an access
token ends after its lifetime. Real time throughout: credentials do not follow `CLOCK_OFFSET`.
"""

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.google.problems import TokenProblem

SERVICE_EMAIL = "firstring@sandbox.iam.gserviceaccount.com"
SCOPE_ROOT = "https://www.googleapis.com/auth/"
_SKEW_S = 300
# google-auth signs for Google's public endpoint whatever `token_uri` the credentials file names.
_PUBLIC_AUDIENCE = "https://oauth2.googleapis.com/token"
_FULL_SCOPE = SCOPE_ROOT + "calendar"


@dataclass(frozen=True, slots=True)
class Identity:
    """The account a request acts as; `bare_service` is a service account that impersonates nobody."""

    email: str
    scopes: frozenset[str]
    bare_service: bool = False


@dataclass(slots=True)
class Issued:
    identity: Identity
    until: float


@dataclass(slots=True)
class Tokens:
    keys: dict[str, rsa.RSAPublicKey] = field(default_factory=dict)  # key id -> key
    refresh: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # refresh token -> client id, secret, email
    issued: dict[str, Issued] = field(default_factory=dict)

    def new_service_account(self, token_uri: str) -> dict[str, str]:
        """A service-account file as the Cloud console hands it out; its key is known from now on."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = secrets.token_hex(20)
        self.keys[key_id] = key.public_key()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "firstring-sandbox",
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": SERVICE_EMAIL,
            "client_id": "100000000000000000001",
            "auth_uri": token_uri.removesuffix("/token") + "/auth",
            "token_uri": token_uri,
        }

    def new_authorized_user(self, token_uri: str, email: str) -> dict[str, str]:
        """An `authorized_user` file with a refresh token of this person."""
        client_id, secret, token = "sandbox.apps.googleusercontent.com", secrets.token_hex(12), _fresh("1//")
        self.refresh[token] = (client_id, secret, email)
        return {
            "type": "authorized_user",
            "client_id": client_id,
            "client_secret": secret,
            "refresh_token": token,
            "token_uri": token_uri,
        }

    def by_assertion(self, assertion: str, token_uri: str, delegation: bool) -> Identity:
        header, claims = _verified(assertion, self.keys)
        if header.get("alg") != "RS256":
            raise _grant("Invalid JWT: alg must be RS256.")
        if claims.get("aud") not in (token_uri, _PUBLIC_AUDIENCE):
            raise _grant("Invalid JWT: Failed audience check.")
        _check_times(claims)
        if claims.get("iss") != SERVICE_EMAIL:
            raise _grant("Invalid grant: account not found")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise TokenProblem(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        subject = claims.get("sub")
        if subject in (None, SERVICE_EMAIL):
            return Identity(SERVICE_EMAIL, scopes, bare_service=True)
        if not delegation:
            raise TokenProblem(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any "
                "of the scopes requested.",
            )
        return Identity(str(subject), scopes)

    def by_refresh(self, token: str, client_id: str, secret: str) -> Identity:
        known = self.refresh.get(token)
        if known is None:
            raise _grant("Token has been expired or revoked.")
        if (client_id, secret) != known[:2]:
            raise TokenProblem(401, "invalid_client", "The OAuth client was not found.")
        return Identity(known[2], frozenset({_FULL_SCOPE}))

    def issue(self, identity: Identity, ttl_s: int) -> dict[str, Any]:
        token = _fresh("ya29.")
        self.issued[token] = Issued(identity, time.time() + ttl_s)
        return {"access_token": token, "expires_in": ttl_s, "token_type": "Bearer", "scope": " ".join(identity.scopes)}

    def holder(self, authorization: str) -> Identity | None:
        """Who an `Authorization` header stands for; None when it is absent, unknown or expired."""
        kind, _, token = authorization.partition(" ")
        issued = self.issued.get(token) if kind.lower() == "bearer" else None
        return issued.identity if issued and issued.until > time.time() else None


def _verified(assertion: str, keys: dict[str, rsa.RSAPublicKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        head, payload, signature = assertion.split(".")
        header, claims, signed = json.loads(_b64(head)), json.loads(_b64(payload)), _b64(signature)
        key = keys[header["kid"]]
        key.verify(signed, f"{head}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, KeyError) as error:
        raise _grant("Invalid JWT Signature.") from error
    except (ValueError, TypeError) as error:
        raise _grant("Invalid JWT: malformed assertion.") from error
    return header, claims


def _check_times(claims: dict[str, Any]) -> None:
    issued, expires, now = claims.get("iat"), claims.get("exp"), time.time()
    if not (
        isinstance(issued, int | float)
        and isinstance(expires, int | float)
        and issued - _SKEW_S <= now <= expires + _SKEW_S
        and expires - issued <= 3600 + _SKEW_S
    ):
        raise _grant(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim."
        )


def _grant(description: str) -> TokenProblem:
    return TokenProblem(400, "invalid_grant", description)


def _b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _fresh(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)
