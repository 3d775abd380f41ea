"""Text messages: accepted, then sent and delivered at once; each step tells the status callback."""

from __future__ import annotations

import asyncio

from sandbox.twilio.courier import Courier
from sandbox.twilio.params import message_params
from sandbox.twilio.records import Message

STEP_S = 0.05


async def deliver(message: Message, courier: Courier) -> None:
    for status in ("sent", "delivered"):
        await asyncio.sleep(STEP_S)
        message.status = status
        if message.callback:
            await courier.send(message.callback, "POST", message_params(message), "message", None)
