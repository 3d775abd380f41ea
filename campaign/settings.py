"""All configuration, read once from the environment into one frozen object. Every outside address is a setting.

Names and defaults are fixed in docs/architecture.md; `.env.example` is generated from this class and checked by a test.
In production, unsafe defaults are refused at start, each by name.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaign.errors import Permanent

SANDBOX_ONLY = "sandbox and tests only"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    public_url: str = Field("http://127.0.0.1:8000", description="The address Twilio and Google reach us at")
    media_public_url: str | None = Field(
        None, description="Where the media process is reached, if elsewhere (PUBLIC_URL, as ws/wss)"
    )
    port: int = Field(8000, description="Port of the web process")
    web_processes: int = Field(
        1, ge=1, le=64, description="Web processes that `firstring up` starts; several share PORT (Linux)"
    )
    media_port: int = Field(8001, description="Port of the media process")
    host: str = Field("127.0.0.1", description="Address the web and media processes listen on (0.0.0.0 in a container)")
    media_transport: Literal["picows", "websockets"] = Field(
        "picows", description="Library that carries the phone's audio sockets: picows (C) or websockets"
    )
    realtime_transport: Literal["picows", "websockets"] = Field(
        "websockets",
        description="Library that carries the sockets to the Realtime API; picows costs about half the CPU",
    )
    media_max_calls: int = Field(
        0, ge=0, description="Calls at which a media process takes no more; 0 leaves it to the two limits below"
    )
    media_max_busy: float = Field(
        0.8, gt=0, le=1, description="Share of a core the audio loop may use before new calls are refused"
    )
    media_max_lag_ms: float = Field(
        20.0, gt=0, description="Lateness of the audio loop, in ms, at which new calls are refused"
    )
    database_url: str = Field(
        "sqlite:///./var/firstring.db", description="SQLite, or postgresql+psycopg://… in production"
    )
    redis_url: str | None = Field(None, description="Redis-protocol server; `firstring up` starts its own when unset")
    secret_key: str | None = Field(None, description="Signs media tokens, offers and sessions; made in var/ when unset")
    environment: Literal["development", "sandbox", "production"] = Field(
        "development", description="production refuses unsafe defaults"
    )
    var_dir: Path = Field(
        Path("var"), description="Where generated secrets, the SQLite file and the embedded server's files live"
    )

    twilio_account_sid: str = Field("", description="Twilio account (AC…)")
    twilio_auth_token: str = Field("", description="Validates Twilio's signatures; also REST when no API key is set")
    twilio_auth_token_secondary: str = Field(
        "", description="Accepted in signatures beside the first while the auth token is being rotated"
    )
    twilio_api_key: str = Field("", description="Twilio API key (SK…), preferred for REST")
    twilio_api_secret: str = Field("", description="Secret of the Twilio API key")
    twilio_from_numbers: str = Field("", description="Comma-separated caller IDs owned by the account")
    twilio_api_url: str = Field("https://api.twilio.com", description="Root of Twilio's REST API")
    twilio_calls_per_second: float = Field(
        1.0, gt=0, description="Calls a second that Twilio lets the account start (its CPS); we use four fifths"
    )
    twilio_concurrent_calls: int = Field(
        0, ge=0, description="Calls at a time that Twilio lets the account have; 0: unlimited"
    )

    openai_api_key: str = Field("", description="OpenAI key")
    openai_realtime_model: str = Field("gpt-realtime-2.1", description="Realtime model of the calls")
    openai_realtime_url: str = Field("wss://api.openai.com/v1/realtime", description="Realtime WebSocket address")
    openai_api_url: str = Field("https://api.openai.com/v1", description="OpenAI HTTP API (summaries, judges)")
    openai_text_model: str = Field("gpt-5-mini", description="Text model for summaries")
    openai_transcription_model: str = Field(
        "gpt-4o-mini-transcribe", description="Transcribes the caller beside the model; empty turns it off"
    )

    google_service_account_file: Path | None = Field(None, description="Service-account key file")
    google_oauth_file: Path | None = Field(
        None, description="Authorized-user file (refresh token) instead of a service account"
    )
    google_impersonate: str = Field("", description="User to act as (domain-wide delegation)")
    google_calendar_url: str = Field(
        "https://www.googleapis.com", description="Root of the Calendar API; the service path is appended"
    )

    api_token: str | None = Field(None, description="Bearer token of the JSON API; made in var/ when unset")
    crm: Literal["hubspot", "salesforce", "pipedrive", "webhook", "none"] = Field(
        "none", description="Which CRM is written"
    )
    hubspot_access_token: str = Field("", description="HubSpot private-app token")
    hubspot_api_url: str = Field("https://api.hubapi.com", description="Root of HubSpot's API")
    crm_webhook_url: str = Field("", description="Where CRM=webhook posts")
    crm_webhook_secret: str = Field("", description="whsec_… that signs CRM=webhook posts")

    clock_offset: float = Field(0.0, description=f"Seconds added to the business clock ({SANDBOX_ONLY})")
    allowed_test_numbers: str = Field("", description="Comma-separated numbers that `firstring call` may ring")
    demo_form: bool = Field(True, description="Serve /demo/form (never in production)")

    @property
    def signing_tokens(self) -> tuple[str, ...]:
        """The tokens whose signatures are Twilio's: two while one takes the other's place. None: no signature is."""
        return tuple(token for token in (self.twilio_auth_token, self.twilio_auth_token_secondary) if token)

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> "Settings":
        if self.environment == "production" and (faults := list(self._unsafe())):
            raise ValueError("unsafe in production: " + "; ".join(faults))
        return self

    def _unsafe(self) -> Iterator[str]:
        if not self.public_url.startswith("https://"):
            yield "PUBLIC_URL must be https://"
        if not self.media_base.startswith("wss://"):
            yield "MEDIA_PUBLIC_URL must be wss://"
        if self.database_url.startswith("sqlite"):
            yield "DATABASE_URL must name PostgreSQL"
        for name in (
            "redis_url",
            "secret_key",
            "api_token",
            "twilio_account_sid",
            "twilio_auth_token",
            "openai_api_key",
        ):
            if not getattr(self, name):
                yield f"{name.upper()} must be set"
        if self.clock_offset:
            yield f"CLOCK_OFFSET is for the {SANDBOX_ONLY}"

    @property
    def media_base(self) -> str:
        """Root of media socket addresses, `ws://` or `wss://`, without a trailing slash."""
        base = (self.media_public_url or self.public_url).rstrip("/")
        return base.replace("https://", "wss://", 1).replace("http://", "ws://", 1)

    @property
    def public_base(self) -> str:
        return self.public_url.rstrip("/")

    @property
    def from_numbers(self) -> list[str]:
        return [number.strip() for number in self.twilio_from_numbers.split(",") if number.strip()]

    @cached_property
    def signing_key(self) -> bytes:
        return (self.secret_key or _generated(self.var_dir / "secret_key")).encode()

    @cached_property
    def bearer_token(self) -> str:
        return self.api_token or _generated(self.var_dir / "api_token")

    def broker(self) -> str:
        """The Redis-protocol address; a process run alone refuses to start without one."""
        if not self.redis_url:
            raise Permanent(
                "REDIS_URL is not set. Set it, or run `firstring up`, which starts a server of its own.",
                code="no_redis",
            )
        if urlsplit(self.redis_url).scheme not in ("redis", "rediss", "unix"):
            raise Permanent("REDIS_URL must start with redis://, rediss:// or unix://", code="bad_redis_url")
        return self.redis_url


def _generated(path: Path) -> str:
    """Read a secret made on first run. A hard link publishes it whole, so two processes starting together agree."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as fresh:  # mode 0600
            fresh.write(secrets.token_urlsafe(32))
            fresh.flush()
            with suppress(FileExistsError):
                os.link(fresh.name, path)
    return path.read_text().strip()
