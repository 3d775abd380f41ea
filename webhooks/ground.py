"""What every door stands on: settings, database, Redis, and who opens and closes them.

Redis carries hints and live messages only: when it is down, doors keep answering and nothing is lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from fastapi import Request

from campaign import clock, live
from campaign.database import Database
from campaign.jobs import depths
from campaign.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ground:
    settings: Settings
    database: Database
    redis: "redis.Redis | None"
    environment: Mapping[str, str]
    """The process environment over `.env`, where campaign files find their `secret_env`."""

    def tell_call(self, attempt_id: str, message: dict[str, Any]) -> bool:
        """A live message to whoever holds the call, and whether anybody does; the database already has what must survive."""
        return bool(self._tell(lambda client: live.tell_call(client, attempt_id, message)))

    def tell_ringing(self, campaign: str) -> None:
        """A phone rings: media processes may read the campaign's calendars meanwhile."""
        self._tell(lambda client: live.tell_ringing(client, campaign))

    def _tell(self, say: Callable[[Any], object]) -> object:
        if self.redis is None:
            return False
        try:
            return say(self.redis)
        except redis.RedisError as error:
            log.warning("live message not sent", error=type(error).__name__)
            return False

    def told(self, attempt_id: str) -> list[dict[str, Any]]:
        """What was said in a live call so far; empty as well when Redis is away."""
        if self.redis is None:
            return []
        try:
            return live.told(self.redis, attempt_id)
        except (redis.RedisError, ValueError) as error:
            log.warning("live transcript not read", attempt_id=attempt_id, error=type(error).__name__)
            return []

    def media_is_full(self) -> bool:
        """Whether no media process takes new calls; when nobody says, there is room."""
        if self.redis is None:
            return False
        try:
            return live.media_is_full(self.redis, clock.real_now().timestamp())
        except redis.RedisError as error:
            log.warning("not known whether there is room for calls", error=type(error).__name__)
            return False

    def queue_depths(self) -> dict[str, int]:
        """Hints waiting by queue; none of them known while Redis is away."""
        if self.redis is None:
            return {}
        try:
            return depths(self.redis)
        except redis.RedisError as error:
            log.warning("queue depths not read", error=type(error).__name__)
            return {}


def of(request: Request) -> Ground:
    """The ground of the app that serves this request."""
    ground: Ground = request.app.state.ground
    return ground
