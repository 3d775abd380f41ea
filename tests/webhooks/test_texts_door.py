"""The doors for texts: what people send us, and what became of ours. Signed, stored once, answered briefly."""

from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign import clock
from campaign.database import Database
from campaign.records import Suppression, TextMessage
from tests.webhooks.senders import from_twilio

OURS, THEIRS = "+12125550100", "+12125550101"


def sms(body: str, sid: str = "SM1", **more: str) -> dict[str, Any]:
    return from_twilio("/twilio/sms", {"MessageSid": sid, "From": THEIRS, "To": OURS, "Body": body, **more})


def rows(database: Database, table: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(table)))


@pytest.mark.parametrize("body", ["STOP", "please stop calling me", "no me llame más", "ALTO"])
async def test_a_stop_in_any_words_suppresses_at_once(web: httpx.AsyncClient, database: Database, body: str):
    """Any reasonable words are a stop (compliance.md section 2); a repeat of the message changes nothing."""
    first, again = await web.post(**sms(body)), await web.post(**sms(body))
    assert (first.status_code, again.status_code) == (200, 200)
    assert "<Message" not in first.text
    assert [(row.phone, row.channel, row.scope) for row in rows(database, Suppression)] == [(THEIRS, "sms", "global")]
    assert [(row.kind, row.reason) for row in rows(database, TextMessage)] == [("received", "stop")]


async def test_help_is_answered_unless_the_carrier_does(web: httpx.AsyncClient, database: Database):
    assert "Brightroof" in (await web.post(**sms("HELP"))).text
    assert "<Message" not in (await web.post(**sms("HELP", sid="SM2", OptOutType="HELP"))).text
    assert rows(database, Suppression) == []


async def test_only_twilio_can_send_us_texts(web: httpx.AsyncClient, database: Database):
    """R45: no signature, no effect."""
    forged = sms("STOP")
    forged["headers"] = {"X-Twilio-Signature": "forged"}
    assert (await web.post(**forged)).status_code == 403
    assert (await web.post(**sms("STOP", AccountSid="AC" + "9" * 32))).status_code == 403
    assert rows(database, Suppression) == rows(database, TextMessage) == []


async def test_what_became_of_a_text_moves_forward_only(web: httpx.AsyncClient, database: Database):
    """Callbacks come in any order and repeat; the end is final; an unknown id is no error worth a retry."""
    now = clock.now()
    with database.transaction() as session:
        session.add(
            TextMessage(
                id="txt_1", kind="missed_call", entity_id="att_1", phone=THEIRS, our_number=OURS, body="b", state="unknown",
                reason="answer_lost", due_at=now, created_at=now,
            )
        )  # fmt: skip

    async def tell(word: str, sid: str = "SM7", **more: str) -> None:
        params = {"MessageSid": sid, "MessageStatus": word, "From": OURS, "To": THEIRS, **more}
        assert (await web.post(**from_twilio("/twilio/txt_1/text", params))).status_code == 204

    for word, sid, state in [
        ("sent", "SM7", "sent"),
        ("a_new_word", "SM7", "sent"),
        ("delivered", "SM8", "sent"),
        ("delivered", "SM7", "delivered"),
        ("sent", "SM7", "delivered"),
    ]:
        await tell(word, sid)
        (row,) = rows(database, TextMessage)
        assert (row.state, row.message_sid) == (state, "SM7")
    answer = await web.post(**from_twilio("/twilio/txt_none/text", {"MessageSid": "SM9", "MessageStatus": "sent"}))
    assert answer.status_code == 204
