"""Who this Twilio account is: read once from the environment, with the sandbox defaults every part agrees on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "sandbox_auth_token_0123456789abcdef"  # noqa: S105 - published: the sandbox's own account
DEMO_NUMBERS = ("+12125550100", "+61255501234")
DEMO_OWNED = re.compile(r"\+1212555010\d|\+61255501234|\+15005550006")  # the last is Twilio's magic valid From


@dataclass(frozen=True)
class Settings:
    base_url: str
    state_dir: Path
    account_sid: str = ACCOUNT_SID
    auth_token: str = AUTH_TOKEN
    api_key: str = ""
    api_secret: str = ""
    numbers: tuple[str, ...] = DEMO_NUMBERS
    calls_per_second: float = 1.0

    def owns(self, number: str) -> bool:
        return number in self.numbers or bool(DEMO_OWNED.fullmatch(number))

    def accepts(self, user: str, password: str) -> bool:
        pairs = {(self.account_sid, self.auth_token)}
        if self.api_key:
            pairs.add((self.api_key, self.api_secret))
        return (user, password) in pairs


def read_settings(
    base_url: str, state_dir: Path, calls_per_second: float, env: Mapping[str, str] = os.environ
) -> Settings:
    listed = tuple(word.strip() for word in env.get("TWILIO_FROM_NUMBERS", "").split(",") if word.strip())
    return Settings(
        base_url=base_url,
        state_dir=state_dir,
        account_sid=env.get("TWILIO_ACCOUNT_SID") or ACCOUNT_SID,
        auth_token=env.get("TWILIO_AUTH_TOKEN") or AUTH_TOKEN,
        api_key=env.get("TWILIO_API_KEY", ""),
        api_secret=env.get("TWILIO_API_SECRET", ""),
        numbers=listed or DEMO_NUMBERS,
        calls_per_second=calls_per_second,
    )
