"""One language throughout, in its direction, on the narrowest phones too."""

from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.running import Demo
from tests.browser.visits import Visit


class Spoken(NamedTuple):
    """A page of the shop, and what its banner says."""

    path: str
    lang: str
    direction: str
    title: str
    refuse: str


NARROW = {"width": 320, "height": 640}
PAGES = [
    Spoken("/", "en", "ltr", "Your choice at Linden & Oak", "Refuse all"),
    Spoken("/de.html", "de", "ltr", "Ihre Wahl bei Linden & Oak", "Alle ablehnen"),
    Spoken("/ar.html", "ar", "rtl", "اختيارك في ليندن آند أوك", "رفض الكل"),
]
# What sticks out sideways of an element or of those in it, scrolled into view or not.
WIDE = """(element) => [element, ...element.querySelectorAll("*")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .filter((one) => getComputedStyle(one).display != "inline")
    .map((one) => one.outerHTML.slice(0, 80))"""
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LOOK = """(button) => {
    const style = getComputedStyle(button);
    const box = button.getBoundingClientRect();
    const names = ["backgroundColor", "color", "fontSize", "fontWeight"];
    return [...names.map((name) => style[name]), box.height, box.top, Math.round(box.width)];
}"""


def sticks_out(surface: Locator) -> Any:
    return surface.evaluate(WIDE)


@pytest.mark.parametrize("spoken", PAGES, ids=lambda one: one.lang)
def test_banner_speaks_the_pages_language(page: Page, demo: Demo, spoken: Spoken) -> None:
    visit = Visit(page, "shop").go(demo.shop + spoken.path)
    root = page.locator("#cm-root")
    expect(root).to_have_attribute("lang", spoken.lang)
    expect(root).to_have_attribute("dir", spoken.direction)
    expect(visit.layer.get_by_role("heading")).to_have_text(spoken.title)
    answer = visit.press(spoken.refuse, within=visit.layer)
    assert answer["consent"]["locale"] == spoken.lang


@pytest.mark.parametrize("spoken", PAGES, ids=lambda one: one.lang)
def test_nothing_scrolls_sideways_on_a_narrow_phone(
    new_page: NewPage, demo: Demo, spoken: Spoken
) -> None:
    page = new_page(viewport=NARROW)
    visit = Visit(page, "shop").go(demo.shop + spoken.path)
    box = page.locator("#cm-root .cm-panel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW["width"]
    assert box["height"] <= NARROW["height"] / 2
    assert sticks_out(visit.layer) == []
    visit.press(spoken.refuse, within=visit.layer)
    visit.open()
    for more in visit.centre.locator("summary").all():
        more.click()
    assert sticks_out(visit.centre) == []
    assert page.evaluate(SCROLLS) is False


def test_accept_and_refuse_look_alike(new_page: NewPage, demo: Demo) -> None:
    for width in (320, 390, 1280):
        page = new_page(viewport={"width": width, "height": 800})
        visit = Visit(page, "shop").go(demo.shop)
        accept, refuse = visit.layer.locator("button").all()[:2]
        assert accept.evaluate(LOOK) == refuse.evaluate(LOOK)
