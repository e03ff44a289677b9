"""No violation of the rules that axe checks: every surface, narrow and wide, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.published import SIGNAL, VIDEO, published
from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
HOSTED = {
    "document": "/sites/shop/documents/terms?lang=en",
    "document in Arabic": "/sites/shop/documents/privacy-policy?lang=ar",
    "changes of a document": (
        "/sites/shop/documents/terms/diff?from=1&to=1&from_lang=en&to_lang=de&lang=en"
    ),
    "documents": "/sites/shop/documents?lang=de",
    "unknown visitor": "/sites/shop/preferences?lang=en",
    "api": "/docs",
}


def looks(page: Page) -> Iterator[str]:
    """Show the page in each width and colour scheme, and say which it is."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            yield f"{width} {scheme}"


def check(page: Page) -> None:
    """Fail on what axe finds, wherever it finds it."""
    found = {}
    for look in looks(page):
        results = Axe().run(page)
        if results.violations_count:
            found[look] = results.generate_report()
    assert not found, "\n".join(f"{look}\n{report}" for look, report in found.items())


@pytest.mark.parametrize(
    ("key", "path"), [("news", "/"), ("shop", "/"), ("shop", "/ar.html")], ids=str
)
def test_banner_and_centre(page: Page, demo: Demo, key: str, path: str) -> None:
    visit = Visit(page, key).go(getattr(demo, key) + path)
    visit.layer.wait_for()
    check(page)
    visit.layer.get_by_role("button").first.click()
    visit.layer.wait_for(state="detached")
    visit.open()
    for more in visit.centre.locator("summary").all():
        more.click()
    visit.centre.locator(".identity code").wait_for()
    check(page)


def test_a_layer_that_closes_by_refusing(page: Page, demo: Demo, tmp_path: Path) -> None:
    site = published(demo, tmp_path, "closing", profiles=["italy"])
    site.visit(page, "/ar.html").layer.wait_for()
    check(page)


def test_opting_out(page: Page, demo: Demo, tmp_path: Path) -> None:
    site = published(demo, tmp_path, "leaving", profiles=["us-opt-out"], texts={})
    site.visit(page, "/de.html").layer.wait_for()
    check(page)


def test_documents_alone(page: Page, demo: Demo, tmp_path: Path) -> None:
    site = published(demo, tmp_path, "reading", profiles=["us-opt-out"])
    site.edit("terms", "accept: inform", "accept: agree")
    site.publish()
    visit = site.visit(page)
    visit.press("Opt out of all", within=visit.layer)
    visit.layer.get_by_role("button", name="Later").click()
    visit.layer.get_by_role("button", name="Agree").wait_for()
    check(page)


def test_part_asked_again(page: Page, demo: Demo, tmp_path: Path) -> None:
    site = published(demo, tmp_path, "part")
    visit = site.visit(page, "/de.html")
    visit.press("Alle akzeptieren", within=visit.layer)
    site.add_purpose(VIDEO)
    eventually(page, lambda: comes_back(visit))
    check(page)


def comes_back(visit: Visit) -> bool:
    visit.reload()
    return visit.layer.count() == 1


def test_the_second_act(page: Page, demo: Demo) -> None:
    page.add_init_script(SIGNAL)
    visit = Visit(page, "shop").go(demo.shop)
    visit.open().get_by_role("switch", name="Advertising").click()
    visit.centre.locator(".confirm").wait_for()
    check(page)


@pytest.mark.parametrize("path", HOSTED.values(), ids=HOSTED)
def test_hosted_pages(page: Page, demo: Demo, path: str) -> None:
    page.goto(demo.service + path)
    check(page)


@pytest.mark.parametrize("path", ["/", "/ar.html"])
def test_preference_page_of_a_visitor(page: Page, demo: Demo, path: str) -> None:
    visit = Visit(page, "shop").go(demo.shop + path)
    visit.layer.get_by_role("button").first.click()
    visit.layer.wait_for(state="detached")
    visit.open()
    visit.centre.locator(".identity .history").click()
    page.wait_for_url("**/preferences?*")
    for more in page.locator("summary").all():
        more.click()
    check(page)
