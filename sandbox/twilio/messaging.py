"""Text messages: accepted or refused, then sent and delivered at once; each step tells the status callback.

Texts that come in go to the number's own address. STOP and START words act as Twilio's default opt-out handling does: the
pair of numbers is blocked, and what is sent to it afterwards is refused with 21610.
"""

from __future__ import annotations

import asyncio
import re
from xml.etree import ElementTree

from sandbox.twilio.courier import Courier
from sandbox.twilio.faults import Faults
from sandbox.twilio.fields import Fields
from sandbox.twilio.orders import E164
from sandbox.twilio.params import inbound_message_params, message_params
from sandbox.twilio.problems import Refusal
from sandbox.twilio.records import Message, new_sid
from sandbox.twilio.settings import Settings

STEP_S = 0.05
LONGEST = 1600
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START = frozenset({"start", "yes", "unstop"})


class Texts:
    def __init__(self, settings: Settings, faults: Faults, courier: Courier) -> None:
        self._settings, self._faults, self._courier = settings, faults, courier
        self.sent: dict[str, Message] = {}
        self.posts: list[dict[str, str]] = []
        """Every POST Messages that arrived, whatever came of it."""
        self._stopped: set[tuple[str, str]] = set()

    def accept(self, order: Fields) -> Message:
        """Raises `Refusal`."""
        to, sender, body = order.one("To"), order.one("From"), order.one("Body")
        for value, code in ((to, 21604), (body, 21602), (sender or order.one("MessagingServiceSid"), 21603)):
            if not value:
                raise Refusal(code)
        if not E164.fullmatch(to):
            raise Refusal(21211)
        if sender and not self._settings.owns(sender):
            raise Refusal(21606)
        if len(body) > LONGEST:
            raise Refusal(21617)
        if (to, sender) in self._stopped:
            raise Refusal(21610)
        message = Message(
            sid=new_sid("SM"),
            account_sid=self._settings.account_sid,
            to=to,
            sender=sender,
            body=body,
            callback=order.one("StatusCallback"),
        )
        self.sent[message.sid] = message
        return message

    async def deliver(self, message: Message) -> None:
        faults, to = self._faults, message.to
        bad = int(faults.amount("sms_undelivered", to))
        for status in ("sent", "undelivered" if bad else "delivered"):
            await asyncio.sleep(STEP_S)
            message.status = status
            message.error_code = bad if status == "undelivered" else None
            if message.callback and not faults.on("sms_never_told", to):
                await self._courier.send(message.callback, "POST", message_params(message), "message", None)

    async def receive(self, sender: str, to: str, body: str, url: str) -> list[str]:
        """Tell the number's address of a text; what its document answers."""
        word = re.sub(r"\W+", "", body).lower()
        if word in STOP:
            self._stopped.add((sender, to))
        if word in START:
            self._stopped.discard((sender, to))
        account = self._settings.account_sid
        message = Message(new_sid("SM"), account, to, sender, body, status="received", direction="inbound")
        self.sent[message.sid] = message
        answer = await self._courier.send(url, "POST", inbound_message_params(message), "message", None)
        if answer is None or not answer.text.strip():
            return []
        return ["".join(one.itertext()) for one in ElementTree.fromstring(answer.text).iter("Message")]  # noqa: S314

    def reset(self) -> None:
        self.sent.clear()
        self.posts.clear()
        self._stopped.clear()
