"""The demo form in a real browser with script turned off, wide and narrow: labels, faults, consent, following along."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from campaign import clock
from campaign.records import Consent, Lead
from tests.browser.conftest import Site


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without script that notes every request going elsewhere."""
    context = browser.new_context(viewport={"width": request.param, "height": 900}, java_script_enabled=False)
    opened = context.new_page()
    yield opened
    context.close()


def fits(page: Page) -> bool:
    """Nothing sticks out to the right; measured on the rendered page, since script is off."""
    viewport = page.viewport_size
    assert viewport
    boxes = [element.bounding_box() for element in page.locator("main *").all()]
    return all(box is None or box["x"] + box["width"] <= viewport["width"] + 1 for box in boxes)


def test_a_person_asks_for_a_call(page: Page, site: Site) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(site.url) else elsewhere.append(request.url))
    page.goto(f"{site.url}/demo/form")
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Phone number").fill("(212) 555-0101")
    page.get_by_role("checkbox", name="I agree that Brightroof Solar LLC").check()
    page.get_by_role("button", name="Call me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We are calling you now")
    assert fits(page)
    with site.database.reading() as session:
        assert session.exec(select(Lead.phone)).one() == "+12125550101"
        assert session.exec(select(Consent.given)).one() is True
    assert elsewhere == []


def test_the_page_follows_the_lead_by_itself(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/demo/form")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Phone number").fill("212 555 0101")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Call me").click()
    with site.database.transaction() as session:
        lead = session.exec(select(Lead)).one()
        lead.state, lead.reason, lead.due_at = "scheduled", "outside_calling_hours", clock.now() + timedelta(days=1)
        session.add(lead)
    expect(page.get_by_role("heading", level=1)).to_contain_text("We will call you on", timeout=10_000)
    expect(page.get_by_text("Outside calling hours.")).to_be_visible()


def test_faults_come_first_and_lead_to_their_fields(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/demo/form")
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_role("button", name="Call me").click()
    summary = page.get_by_role("alert")
    expect(summary.get_by_role("listitem")).to_have_text(["Enter your first name", "Enter a phone number we can call"])
    summary.get_by_role("link", name="Enter a phone number").click()
    assert page.url.endswith("#phone")
    expect(page.get_by_label("Phone number")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Last name")).to_have_value("Lovelace")
    expect(page).to_have_title("Error: Ask for a call · Brightroof")
    assert fits(page)


def test_every_control_has_a_name(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/demo/form")
    for control in page.locator("input:not([type=hidden]), select, textarea").all():
        assert page.locator(f"label[for={control.get_attribute('id')}]").count() == 1
    expect(page.get_by_role("note")).to_contain_text("Simulated")
    assert fits(page)
