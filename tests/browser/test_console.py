"""The console in a real browser: sign in, find a lead, read its story, stop the calls; wide and narrow, nothing foreign."""

import json
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from campaign import clock
from dialer import law, rule_sets
from tests.browser.conftest import Site
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import API_TOKEN, fixture, signed

Scheme = Literal["light", "dark"]
FAINT = """() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0)
  const ground = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor)
      if (colour.length < 4 || colour[3] > 0) return colour
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll("body *")]
    .filter(one => [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim()) && one.offsetParent)
    .map(one => {
      const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))]
      return [one.textContent.trim().slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]
    }).filter(([, ratio]) => ratio < 4.5)
}"""


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    opened = context.new_page()
    yield opened
    context.close()


@pytest.fixture
def told(site: Site) -> str:
    """A booked lead with a call, and a blocked one."""
    sent = fixture("standard", "complete")
    answer = httpx.post(f"{site.url}/leads/website", **signed(json.dumps(sent).encode()))
    blocked = {**sent, "external_id": "other", "first_name": "Omar", "consent": None}
    httpx.post(f"{site.url}/leads/website", **signed(json.dumps(blocked).encode()))
    tell_a_call(site.database, answer.json()["lead_id"])
    return str(answer.json()["lead_id"])


def sign_in(page: Page, site: Site, path: str = "/console") -> None:
    page.goto(site.url + path)
    page.get_by_label("API token").fill(API_TOKEN)
    page.get_by_role("button", name="Sign in").click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_sign_in_to_the_story_of_a_call(page: Page, site: Site, told: str) -> None:
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(site.url) else trouble.append(request.url))
    sign_in(page, site)
    expect(page.get_by_role("link", name="Dana Reed")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Blocked 1").click()
    expect(page.get_by_role("link", name="Omar Reed")).to_be_visible()
    expect(page.get_by_role("link", name="Dana Reed")).to_have_count(0)
    page.goto(f"{site.url}/console/leads/{told}")
    for words in (
        "Wants solar.",
        "Meeting confirmed with Sal",
        "Conversation ends, ended by the agent",
        "Consent given",
    ):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.locator(".unheard")).to_have_text("not heard: this is")
    expect(page.locator(".talk li").nth(2)).to_contain_text("Booked, and read back from the calendar")
    page.get_by_text("Before call 1").or_(page.get_by_text("When the form came in")).first.wait_for()
    expect(page.get_by_text("Nobody asked us to stop calling this number").first).to_be_visible()
    expect(page.locator("audio")).to_have_count(1)
    expect(page.get_by_role("note")).to_contain_text("Simulated: local stand-ins")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert fits(page)
    assert trouble == []


def test_a_link_to_a_lead_survives_signing_in_and_never_call_again_works(page: Page, site: Site, told: str) -> None:
    sign_in(page, site, f"/console/leads/{told}")
    expect(page).to_have_url(f"{site.url}/console/leads/{told}")
    page.goto(f"{site.url}/console?status=blocked")
    page.get_by_role("link", name="Omar Reed").click()
    page.get_by_role("button", name="Never call again").click()
    expect(page.locator("h1")).to_contain_text("asked not to be called")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/console/leads/{told}")
    expect(page.get_by_label("API token")).to_be_visible()


def test_the_published_rules_fit(page: Page, site: Site) -> None:
    changed = law.text().replace("confidence: A\n", "confidence: B\n")
    with site.database.transaction() as session:
        rule_sets.publish(session, changed, source="draft", by="ops", why="All were read again", now=clock.now())
        rule_sets.roll_back(session, None, by="ops", why="Read once more, with counsel", now=clock.now())
    sign_in(page, site, "/console/rules")
    expect(page.get_by_text("firstring rules rollback 1")).to_be_visible()
    page.get_by_text("changes against the version before").last.click()
    expect(page.get_by_text("US-CA confidence: A → B")).to_be_visible()
    assert fits(page)


def test_the_reference_page_fits_and_is_ours_alone(page: Page, site: Site) -> None:
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(site.url) else trouble.append(request.url))
    page.goto(f"{site.url}/docs")
    expect(page.get_by_role("heading", name="POST /leads/{source}")).to_be_visible()
    assert fits(page)
    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser: Browser, site: Site, told: str, scheme: Scheme) -> None:
    """WCAG AA: 4.5 to 1 for text, on every page, in both colour schemes."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    sign_in(page, site)
    for path in (
        "/console",
        "/console/rules",
        f"/console/leads/{told}",
        "/demo/form",
        f"/demo/form/{told}",
        "/docs",
        "/nowhere",
    ):
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(FAINT) == [], path
    context.close()


def test_a_browser_gets_a_page_when_something_is_not_there(page: Page, site: Site) -> None:
    for path in ("/nowhere", "/demo/form/nobody"):
        answer = page.goto(site.url + path)
        assert answer is not None
        assert (answer.status, "default-src 'none'" in answer.headers["content-security-policy"]) == (404, True)
        expect(page.get_by_role("link", name="To the console")).to_be_visible()
        assert fits(page)
