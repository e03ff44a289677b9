"""The first layer on small screens: both answers alike, large enough, in view, out of the way."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.pages import Embedded, embedded, shop_of, show
from tests.browser.published import published
from tests.browser.running import Demo
from tests.browser.visits import Visit

LOOK = """(button) => {
    const {color, backgroundColor, borderColor, fontSize, fontWeight, opacity} =
        getComputedStyle(button);
    return {color, backgroundColor, borderColor, fontSize, fontWeight, opacity};
}"""
PANEL = "document.querySelector('#cm-root').shadowRoot.querySelector('.cm-panel')"
COVERED = f"""(() => {{
    const {{width, height}} = {PANEL}.getBoundingClientRect();
    return width * height / (innerWidth * innerHeight);
}})()"""
SCROLLS = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def box(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    return embedded(published(demo, tmp_path_factory.mktemp("box"), "small", layout="box"), demo)


@pytest.fixture(params=["bar", "box"])
def site(request: pytest.FixtureRequest, demo: Demo) -> Embedded:
    if request.param == "bar":
        return shop_of(demo)
    found: Embedded = request.getfixturevalue("box")
    return found


def sized(new_page: NewPage, site: Embedded, width: int, height: int) -> Visit:
    visit = show(new_page(viewport={"width": width, "height": height}), site)
    visit.layer.wait_for()
    return visit


def place(button: Locator) -> dict[str, Any]:
    found = button.bounding_box()
    assert found
    return dict(found)


@pytest.mark.parametrize("width", [320, 1280])
def test_accept_and_refuse_weigh_the_same(new_page: NewPage, site: Embedded, width: int) -> None:
    visit = sized(new_page, site, width, 800)
    accept, refuse = visit.layer.locator(".cm-accept"), visit.layer.locator(".cm-reject")
    assert accept.evaluate(LOOK) == refuse.evaluate(LOOK)
    one, other = place(accept), place(refuse)
    assert other["width"] == pytest.approx(one["width"], rel=0.05)
    assert other["height"] == pytest.approx(one["height"], rel=0.05)


def test_a_phone_stays_usable(new_page: NewPage, site: Embedded) -> None:
    assert sized(new_page, site, 360, 640).page.evaluate(COVERED) <= 0.35


def test_both_answers_are_in_view_when_a_page_is_zoomed_in(
    new_page: NewPage, site: Embedded
) -> None:
    visit = sized(new_page, site, 320, 256)
    assert visit.page.evaluate(SCROLLS) is False
    for button in (visit.layer.locator(".cm-accept"), visit.layer.locator(".cm-reject")):
        box = place(button)
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 320
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 256


@pytest.mark.parametrize("width", [320, 1280])
def test_targets_are_large_enough_for_a_thumb(
    new_page: NewPage, site: Embedded, width: int
) -> None:
    visit = sized(new_page, site, width, 800)
    for button in visit.layer.get_by_role("button").all():
        assert min(place(button)["width"], place(button)["height"]) >= 44


def test_refusing_is_two_keys_from_the_top(page: Page, site: Embedded) -> None:
    visit = show(page, site)
    visit.layer.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").endswith("cm-reject")


def test_answers_wear_the_colours_of_the_theme(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    for name in ("Accept all", "Refuse all"):
        button = visit.layer.get_by_role("button", name=name)
        expect(button).to_have_css("background-color", "rgb(31, 111, 84)")
        expect(button).to_have_css("color", "rgb(255, 255, 255)")
