"""The first seconds of a media socket: it must say which call it is, in time, and in our audio format. (R53, R54, R62)"""

import asyncio

from campaign.errors import Refused
from qualify import events as ev
from qualify import twilio_wire
from qualify.line import Line

START_WITHIN = 5.0


async def wait_for_start(line: Line) -> twilio_wire.Start:
    """Raises `Refused` when it doesn't come, or something else comes first."""
    try:
        async with asyncio.timeout(START_WITHIN):
            while True:
                message = await line.receive()
                if message is None:
                    raise Refused("the socket closed before its start", code="no_start")
                found = twilio_wire.read(message)
                if isinstance(found, twilio_wire.Start):
                    return _checked(found)
                if isinstance(found, ev.CallerAudio | ev.MarkEchoed | ev.KeyPressed):
                    raise Refused("media before start", code="no_start")
    except TimeoutError as error:
        raise Refused("no start in time", code="no_start") from error


def _checked(start: twilio_wire.Start) -> twilio_wire.Start:
    if not start.mediaFormat.is_mulaw:
        raise Refused("not μ-law at 8 kHz, mono", code="wrong_format")
    return start
