"""Takes the README's screenshots from a running demo: `.venv/bin/python docs/images/take.py http://127.0.0.1:PORT`.

Run it where `firstring demo` runs (it reads `var/demo/api_token`), after the demo has ended its leads. Needs Chromium on
the PATH and the `test` extra. The pictures are written beside this file.
"""

import shutil
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, sync_playwright

HERE = Path(__file__).parent
WIDTH = 1100


def main(web: str) -> None:
    token = Path("var/demo/api_token").read_text(encoding="utf-8").strip()
    answer = httpx.get(f"{web}/leads?limit=50", headers={"authorization": f"Bearer {token}"})
    leads = {lead["name"]: lead["lead_id"] for lead in answer.json()["leads"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        form(page, web)
        sign_in(page, web, token)
        page.goto(f"{web}/console")
        page.screenshot(path=HERE / "leads.png", clip={"x": 0, "y": 0, "width": WIDTH, "height": 720})
        page.goto(f"{web}/console/leads/{leads['James']}")
        page.screenshot(path=HERE / "lead.png", clip={"x": 0, "y": 0, "width": WIDTH, "height": 760})
        first = page.locator(".talk li").filter(has_text="interrupted").last
        cut(page, "conversation.png", page.locator(".talk"), 1000, first)
        page.goto(f"{web}/console/leads/{leads['Jack']}")
        cut(page, "why.png", page.locator("section.card"), 620)
        browser.close()


def form(page: Page, web: str) -> None:
    page.goto(f"{web}/demo/form?source=website&phone=%2B1+212+555+0102&first_name=James")
    page.get_by_label("Email").fill("james@example.com")
    page.get_by_role("checkbox").check()
    page.set_viewport_size({"width": 700, "height": 1060})
    page.screenshot(path=HERE / "form.png")
    page.set_viewport_size({"width": WIDTH, "height": 800})


def sign_in(page: Page, web: str, token: str) -> None:
    page.goto(f"{web}/console/sign-in")
    page.get_by_label("API token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def cut(page: Page, name: str, whole: Locator, height: int, begin: Locator | None = None) -> None:
    """A piece of the page, at most so many pixels high: an element, from one of its parts on."""
    page.evaluate("window.scrollTo(0, 0)")
    box = whole.first.bounding_box()
    first = begin.bounding_box() if begin else box
    if not box or not first:
        raise LookupError(f"nothing to show for {name}")
    top, margin = first["y"], 6
    page.screenshot(
        path=HERE / name,
        full_page=True,
        clip={
            "x": box["x"] - margin,
            "y": top - margin,
            "width": box["width"] + 2 * margin,
            "height": min(height, box["y"] + box["height"] - top) + 2 * margin,
        },
    )


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
