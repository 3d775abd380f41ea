"""The demo form as a plain HTTP client sees it: signed through the real door, faults named, nothing personal shown later."""

import re

import httpx
import pytest
from sqlmodel import select

from campaign import clock, store
from campaign.database import Database
from campaign.file import parse
from campaign.records import Consent, InboxMessage, Lead
from tests.webhooks.conftest import CAMPAIGN
from webhooks.demo import consent

TYPED = {"source": "website", "external_id": "form-1", "first_name": "Ada", "phone": "(212) 555-0101", "country": "US"}


async def test_the_form_goes_through_the_signed_door(web: httpx.AsyncClient, database: Database) -> None:
    shown = (await web.get("/demo/form")).text
    sent = await web.post("/demo/form", data={**TYPED, "consent": "yes"}, headers={"user-agent": "A browser"})
    assert sent.status_code == 303
    with database.reading() as session:
        lead, agreed, message = (session.exec(select(table)).one() for table in (Lead, Consent, InboxMessage))
    assert sent.headers["location"] == f"/demo/form/{lead.id}"
    assert (lead.source, lead.phone, lead.state, message.state) == ("website", "+12125550101", "scheduled", "worked")
    assert message.headers["webhook-signature"].startswith("v1,")
    assert (agreed.given, agreed.version, agreed.user_agent, agreed.method) == (True, "demo-1", "A browser", "checkbox")
    assert agreed.text in shown
    followed = await web.get(f"/demo/form/{lead.id}")
    assert "We are calling you now" in followed.text
    assert '<meta http-equiv="refresh"' in followed.text
    assert "Ada" not in followed.text
    assert "555" not in followed.text


async def test_sending_twice_is_one_lead(web: httpx.AsyncClient, database: Database) -> None:
    first, second = [await web.post("/demo/form", data={**TYPED, "consent": "yes"}) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]


async def test_without_the_tick_we_do_not_call_and_say_so(web: httpx.AsyncClient) -> None:
    sent = await web.post("/demo/form", data=TYPED)
    followed = await web.get(sent.headers["location"])
    assert "We will not call you" in followed.text
    assert "no consent was given" in followed.text
    assert "Talking" not in followed.text
    assert "http-equiv" not in followed.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_name": ""}, "Enter your first name"),
        ({"phone": ""}, "Enter a phone number we can call"),
        ({"phone": "12"}, "Enter a complete phone number"),
        ({"email": "nobody"}, "Enter an email address like"),
        ({"message": "x" * 2001}, "Enter something shorter"),
    ],
)
async def test_faults_are_named_and_what_was_typed_is_kept(
    web: httpx.AsyncClient, database: Database, changes: dict[str, str], words: str
) -> None:
    answer = await web.post("/demo/form", data={**TYPED, "last_name": '"><b>', "consent": "yes", **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "There is a problem" in answer.text
    assert re.search(rf'href="#{next(iter(changes))}"', answer.text)
    assert "&#34;&gt;&lt;b&gt;" in answer.text
    assert 'value="yes" checked' in answer.text
    with database.reading() as session:
        assert session.exec(select(Lead)).all() == []


async def test_strange_bytes_do_no_harm(web: httpx.AsyncClient) -> None:
    for content in (b"\xff\x00=%00%ff", b"", b"source=nowhere", b"source=website&phone=%00%ed%a0%80&first_name=%00"):
        assert (await web.post("/demo/form", content=content)).status_code == 422
    assert (await web.get("/demo/form/nobody")).status_code == 404


async def test_each_source_has_its_own_words(web: httpx.AsyncClient, database: Database) -> None:
    other = CAMPAIGN.replace("solar-us\nseller", "dental-au\nseller").replace("Brightroof", "Brightsmile")
    other = other.replace("name: website", "name: dental").replace("name: partner", "name: dental-partner")
    campaign = parse(other)
    with database.transaction() as session:
        store.apply(session, campaign, other, by="tests", now=clock.now())
    shown = (await web.get("/demo/form?source=dental")).text
    assert consent.text(campaign.seller) in shown
    assert "Brightroof · website" in shown
