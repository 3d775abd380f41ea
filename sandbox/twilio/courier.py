"""Carries webhooks out: signed, with Twilio's timeouts and retries, `#rc=..&rp=..` overrides obeyed, each one logged.

Returns the answer or None; a failure becomes an alert (11200 for a status, 11205 for the connection), never an error.
Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode

import httpx

from sandbox.twilio.faults import Faults
from sandbox.twilio.params import Params
from sandbox.twilio.records import Call
from sandbox.twilio.settings import Settings
from sandbox.twilio.signatures import sign

Alarm = Callable[[int, str, Call | None], None]
TOTAL_SECONDS = 15.0


@dataclass(frozen=True)
class Effort:
    """How hard a URL wants to be tried, from its fragment."""

    retries: int = 1
    policy: tuple[str, ...] = ("ct",)
    connect_s: float = 5.0
    read_s: float = 15.0

    def again(self, outcome: str) -> bool:
        return "all" in self.policy or outcome in self.policy


def effort_of(url: str) -> Effort:
    wishes = dict(parse_qsl(urldefrag(url).fragment))
    numbers = {name: int(text) for name, text in wishes.items() if text.isdigit()}
    return Effort(
        retries=min(5, numbers.get("rc", 1)),
        policy=tuple(wishes.get("rp", "ct").split(",")),
        connect_s=numbers.get("ct", 5000) / 1000,
        read_s=numbers.get("rt", 15000) / 1000,
    )


class Courier:
    def __init__(self, settings: Settings, faults: Faults, alarm: Alarm) -> None:
        self._settings, self._faults, self._alarm = settings, faults, alarm
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=40)
        self._under_way: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(trust_env=False, limits=limits, follow_redirects=True)

    async def send(self, url: str, method: str, params: Params, kind: str, call: Call | None) -> httpx.Response | None:
        to = call.to if call else ""
        await asyncio.sleep(self._faults.amount("slow_client_ms", to) / 1000)
        if self._faults.on("wrong_account", to):
            params = [(key, "AC" + "f" * 32 if key == "AccountSid" else value) for key, value in params]
        effort = effort_of(url)
        headers: dict[str, str] = {}
        answer, outcome = None, ""
        for turn in range(effort.retries + 1):
            answer, outcome = await self._once(urldefrag(url).url, method.upper(), params, to, effort, headers)
            self._log(call, kind, url, params, outcome)
            if not outcome or not effort.again(outcome) or turn == effort.retries:
                break
            headers = headers or {"I-Twilio-Idempotency-Token": str(uuid.uuid4())}
        if outcome:
            code = 11205 if outcome in ("ct", "rt") else 11200
            self._alarm(code, f"{kind}: {answer.status_code if answer is not None else outcome}", call)
        return answer

    async def _once(
        self, url: str, method: str, params: Params, to: str, effort: Effort, extra: dict[str, str]
    ) -> tuple[httpx.Response | None, str]:
        """The answer and what was wrong with it, in the words of the retry policy; blank if nothing was."""
        if method == "GET":
            url, params = url + ("&" if "?" in url else "?") + urlencode(params), []
        headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", **self.seal(url, params, to), **extra}
        if method != "GET":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        timeout = httpx.Timeout(effort.read_s, connect=effort.connect_s)
        content = urlencode(params) if method != "GET" else None
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                answer = await self._client.request(method, url, content=content, headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL):
            return None, "ct"
        except (httpx.HTTPError, TimeoutError):
            return None, "rt"
        kinds = {4: "4xx", 5: "5xx"}
        return answer, kinds.get(answer.status_code // 100, "")

    def seal(self, url: str, params: Params, to: str = "") -> dict[str, str]:
        """The signature headers for a webhook, or for a WebSocket handshake (no params)."""
        secret = (
            "not_the_token_of_this_account" if self._faults.on("wrong_signature", to) else self._settings.auth_token
        )
        shared = self._faults.value("shared_key", to)
        if isinstance(shared, dict):
            settings = f"key={shared['id']},algorithm=HMAC_SHA256"
            signature = sign(url, params, str(shared["secret"]), "sha256")
            return {"X-Twilio-Signature": signature, "X-Twilio-Webhooks-Signature-Settings": settings}
        return {"X-Twilio-Signature": sign(url, params, secret)}

    def _log(self, call: Call | None, kind: str, url: str, params: Params, outcome: str) -> None:
        if call is not None:
            entry = {"kind": kind, "url": urldefrag(url).url, "at": time.time(), "failed": outcome or None}
            call.webhooks.append({**entry, "params": dict(params)})

    def dispatch(
        self, url: str, method: str, params: Params, kind: str, call: Call | None, delay_s: float = 0.0
    ) -> asyncio.Task[None]:
        """Send without waiting for the answer; nobody acts on it."""

        async def later() -> None:
            await asyncio.sleep(delay_s)
            await self.send(url, method, params, kind, call)

        task = asyncio.create_task(later())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def forget(self) -> None:
        """Nothing under way is sent any more."""
        for task in tuple(self._under_way):
            task.cancel()

    async def close(self) -> None:
        self.forget()
        await self._client.aclose()
