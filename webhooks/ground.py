"""What every door stands on: settings, database, Redis, and who opens and closes them.

Redis carries hints and live messages only: when it is down, doors keep answering and nothing is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from fastapi import Request

from campaign import live
from campaign.database import Database
from campaign.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ground:
    settings: Settings
    database: Database
    redis: "redis.Redis | None"
    environment: Mapping[str, str]
    """The process environment over `.env`, where campaign files find their `secret_env`."""

    def tell_call(self, attempt_id: str, message: dict[str, Any]) -> None:
        """A live message to whoever holds the call; the database already has what must survive."""
        if self.redis is None:
            return
        try:
            live.tell_call(self.redis, attempt_id, message)
        except redis.RedisError as error:
            log.warning("live message not sent", attempt_id=attempt_id, error=type(error).__name__)


def of(request: Request) -> Ground:
    """The ground of the app that serves this request."""
    ground: Ground = request.app.state.ground
    return ground
