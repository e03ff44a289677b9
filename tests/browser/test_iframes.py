"""What stands in for iframes that wait: at their size, usable by keyboard, gone when they load."""

import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.published import published
from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually

FILM = '<iframe id="film" data-consent="marketing" data-src="/leaf.svg" title="A film"'
SERVICE = 'data-consent-service="adverra"'
SIZED = f'{FILM} {SERVICE} width="480" height="270"></iframe>'
FLUID = f'{FILM} class="room"></iframe>'
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) shifts.push(each.value);
    }).observe({ type: "layout-shift", buffered: true });
"""


def stands_in(page: Page) -> Locator:
    return page.locator(".cm-frame:has(+ #film)")


def source(page: Page) -> str | None:
    return page.locator("#film").get_attribute("src")


def refused(page: Page, demo: Demo, folder: Path, key: str, more: str) -> Visit:
    """Visit a page with an iframe and refuse everything."""
    visit = published(demo, folder, key, more=more).visit(page)
    visit.press("Refuse all", within=visit.layer)
    stands_in(page).scroll_into_view_if_needed()
    return visit


def test_loading_once_moves_nothing_and_is_forgotten(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    page.add_init_script(SHIFTS)
    visit = refused(page, demo, tmp_path, "once", SIZED)
    room = stands_in(page).bounding_box()
    assert room
    assert (room["width"], room["height"]) == (480, 270)
    once = stands_in(page).get_by_role("button", name="Load once")
    once.focus()
    page.keyboard.press("Enter")
    expect(stands_in(page)).to_have_count(0)
    assert page.locator("#film").bounding_box() == room
    assert source(page) == "/leaf.svg"
    assert page.evaluate("document.activeElement.id") == "film"
    assert page.evaluate("shifts") == []
    assert visit.granted() == set()
    visit.reload()
    expect(stands_in(page)).to_have_count(1)


def test_always_allows_the_service_alone_until_it_is_withdrawn(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    visit = refused(page, demo, tmp_path, "always", SIZED)
    visit.press("Always load Adverra", within=stands_in(page))
    expect(stands_in(page)).to_have_count(0)
    assert visit.token()["services"]["adverra"][0] == "granted"
    assert visit.granted() == set()
    visit.reload()
    assert source(page) == "/leaf.svg"
    page.evaluate("siteConsent.withdraw()")
    expect(stands_in(page)).to_have_count(1)
    assert source(page) == "about:blank"


def test_it_follows_the_styles_of_the_page(page: Page, demo: Demo, tmp_path: Path) -> None:
    more = '<link rel="stylesheet" href="/room.css">' + FLUID
    css = ".room { display: block; width: 50%; height: auto; aspect-ratio: 2; margin: 0 auto; }"
    page.route("**/room.css", lambda route: route.fulfill(content_type="text/css", body=css))
    refused(page, demo, tmp_path, "fluid", more)
    for width in (1280, 640):
        page.set_viewport_size({"width": width, "height": 800})
        room = stands_in(page).bounding_box()
        main = page.locator("main").bounding_box()
        assert room
        assert main
        assert room["width"] == pytest.approx(main["width"] / 2, abs=1)
        assert room["height"] == pytest.approx(room["width"] / 2, abs=1)
        assert room["x"] - main["x"] == pytest.approx(main["width"] / 4, abs=1)


def test_it_waits_for_styles_that_are_late(page: Page, demo: Demo, tmp_path: Path) -> None:
    def delay(route: Route) -> None:
        time.sleep(1)
        route.fallback()

    site = published(demo, tmp_path, "late", more=SIZED)
    page.route("**/style.css", delay)
    site.visit(page)
    shown = page.locator(".cm-frame:has(+ .chat)")
    expect(shown).to_have_css("height", "272px")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(page: Page, demo: Demo, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    refused(page, demo, tmp_path, f"seen-{scheme}", SIZED)
    eventually(page, lambda: stands_in(page).get_by_role("group", name="Adverra").count() == 1)
    results = Axe().run(page)
    assert not results.violations_count, results.generate_report()
