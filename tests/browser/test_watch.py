"""A live call in a real browser, wide and narrow: words typed survive the transcript's reloading, Enter orders nothing."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.test_console import FAINT, fits, sign_in
from tests.webhooks.records import begin_a_call
from tests.webhooks.senders import fixture, signed


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide", "narrow"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    yield opened
    context.close()


def test_a_supervisor_watches_and_types_in_peace(page: Page, site: Site) -> None:
    sent = httpx.post(f"{site.url}/leads/website", **signed(json.dumps(fixture("standard", "complete")).encode()))
    attempt_id = begin_a_call(site.database, sent.json()["lead_id"])
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    sign_in(page, site, f"/console/leads/{sent.json()['lead_id']}")
    page.get_by_role("link", name="Watch this call live").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Nothing has been said yet.")).to_be_visible()
    page.get_by_label("Words").fill("Offer Tuesday")
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Your name").press("Enter")
    with page.expect_response(f"**/console/calls/{attempt_id}/told"):
        pass
    assert page.get_by_label("Words").input_value() == "Offer Tuesday"
    assert fits(page)
    assert page.evaluate(FAINT) == []
    page.get_by_role("button", name="Whisper").click()  # nobody holds this call: it says so
    expect(page.get_by_text("Nobody is talking with our agent on this call now")).to_be_visible()
    assert [words for words in trouble if "409" not in words] == []
