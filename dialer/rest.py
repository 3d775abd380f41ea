"""How Twilio's SDK is sent over the wire: to the configured root, with timeouts, one kept-alive session a thread, no retries.

The SDK's own client waits for ever, shares one session among threads, and lets `TWILIO_EDGE`/`TWILIO_REGION` rewrite the
host (reference/twilio.md 2.2, 2.3; R12, R32).
"""

import threading
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from campaign.settings import Settings

CONNECT_S, SILENCE_S = 3.0, 7.0


class RebasedHttp(TwilioHttpClient):  # type: ignore[misc]  # the SDK is untyped
    """Sends to the configured root and keeps the path, so that an emulator or a proxy can stand in for the API."""

    def __init__(self, root: str) -> None:
        self._threads = threading.local()
        self._opened: list[requests.Session] = []
        super().__init__(pool_connections=False)
        self.timeout = (CONNECT_S, SILENCE_S)  # requests takes the pair; the SDK's own argument knows one number only
        self._root = urlsplit(root.rstrip("/"))

    @property
    def session(self) -> requests.Session:
        """This thread's own; the SDK asks for it at every request."""
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = requests.Session()
            self._opened.append(session)
        return session

    @session.setter
    def session(self, _none: None) -> None:
        """The SDK sets one for all threads at the start; ours are opened on demand."""

    def close(self) -> None:
        for session in self._opened:
            session.close()

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        path = urlsplit(url)
        rebased = (self._root.scheme, self._root.netloc, self._root.path + path.path, path.query, "")
        return super().request(method, urlunsplit(rebased), *args, **options)


def sdk(settings: Settings, http: RebasedHttp) -> Client:
    """An API key for REST when there is one; `TWILIO_EDGE` and `TWILIO_REGION` would rewrite the host (R32)."""
    by_key = bool(settings.twilio_api_key and settings.twilio_api_secret)
    user = settings.twilio_api_key if by_key else settings.twilio_account_sid
    secret = settings.twilio_api_secret if by_key else settings.twilio_auth_token
    client = Client(user, secret, settings.twilio_account_sid, http_client=http)
    client.edge = client.region = None
    return client
