"""Calendars read before they are asked for: as a phone rings, as a call begins, and when its questions are nearly over.

A process that will not get the call reads them too; that costs one query for each campaign in twenty seconds at most. Whatever goes
wrong here is quiet: the tool asks again in its own time.
"""

import asyncio
from concurrent.futures import Executor
from typing import Any

import redis.asyncio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from campaign import clock, live, store
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.file import Campaign
from qualify.ports import Calendars
from webhooks.media import orders, tasks

log = structlog.get_logger()


class Foresight:
    """One per media process."""

    def __init__(
        self,
        calendars: Calendars | None,
        database: Database,
        threads: Executor,
        client: redis.asyncio.Redis | None,
    ) -> None:
        self._calendars, self._database, self._threads = calendars, database, threads
        listens = client is not None and calendars is not None
        self._task = (
            asyncio.create_task(orders.follow(client, live.RINGING, self._rings)) if listens and client else None
        )

    def look(self, campaign: Campaign) -> None:
        if self._calendars is not None:
            self._threads.submit(self._read, self._calendars, campaign)

    def _rings(self, message: dict[str, Any]) -> None:
        if self._calendars is not None:
            self._threads.submit(self._read_named, self._calendars, str(message.get("campaign", "")))

    def _read_named(self, calendars: Calendars, name: str) -> None:
        try:
            with self._database.reading() as session:
                campaign, _ = store.get(session, name)
        except (FirstringError, SQLAlchemyError) as error:
            log.info("calendars not read ahead", code=getattr(error, "code", type(error).__name__))
            return
        self._read(calendars, campaign)

    @staticmethod
    def _read(calendars: Calendars, campaign: Campaign) -> None:
        try:
            calendars.prefetch(campaign, clock.now())
        except FirstringError as error:
            log.info("calendars not read ahead", code=error.code)

    async def close(self) -> None:
        if self._task is not None:
            await tasks.end(self._task)
