"""The ASGI application: one office for the life of the server, its clock running beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette

from sandbox.twilio import control, rest
from sandbox.twilio.office import Office
from sandbox.twilio.settings import Settings


def build(settings: Settings) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        office = app.state.office = Office(settings)
        ticking = asyncio.create_task(office.exchange.metronome.run())
        try:
            yield
        finally:
            ticking.cancel()
            await office.reset()
            await office.exchange.courier.close()

    return Starlette(routes=[*control.routes(), *rest.routes()], lifespan=lifespan)
