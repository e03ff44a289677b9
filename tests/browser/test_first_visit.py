"""What a visit costs: one small request, nothing that moves, nothing that counts as the page."""

from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.pages import TEXT, Embedded, shop_of, show, write
from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually, record_requests

MOST_BYTES = 8_100
MOST_ELEMENTS = 25
# What the browser says about the page's paints, and where the layer is in each frame.
WATCH = """
window.seen = {largest: [], shifts: 0, places: []};
new PerformanceObserver((list) => {
    for (const {element} of list.getEntries())
        seen.largest.push(!!element?.closest("#cm-root") || !element);
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
    for (const {value} of list.getEntries()) seen.shifts += value;
}).observe({type: "layout-shift", buffered: true});
(function look() {
    const box = document.querySelector("#cm-root .cm-layer")?.getBoundingClientRect();
    if (box) seen.places.push([box.x, box.y, box.width, box.height].join());
    requestAnimationFrame(look);
})();
"""
ELEMENTS = """(() => {
    const host = document.querySelector("#cm-root");
    return 1 + host.querySelectorAll("*").length + host.shadowRoot.querySelectorAll("*").length;
})()"""


@pytest.fixture
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


def to_service(requests: list[Request], site: Embedded) -> list[str]:
    return [each.url.removeprefix(site.service) for each in requests if site.service in each.url]


def test_a_first_visit_makes_one_request_until_the_banner_shows(page: Page, shop: Embedded) -> None:
    requests = record_requests(page)
    visit = show(page, shop)
    visit.layer.wait_for()
    eventually(page, lambda: len(to_service(requests, shop)) > 1)
    script, *later = to_service(requests, shop)
    assert script == "/v1/sites/shop/consent-banner.js"
    assert later == ["/v1/sites/shop/impressions"]


def test_that_request_is_small(page: Page, shop: Embedded) -> None:
    visit = write(page, shop)
    with page.expect_response("**/consent-banner.js") as waiting:
        visit.go(shop.address)
    assert waiting.value.header_value("content-encoding") == "br"
    waiting.value.finished()
    assert waiting.value.request.sizes()["responseBodySize"] <= MOST_BYTES


def test_who_comes_back_costs_no_further_request(page: Page, shop: Embedded) -> None:
    visit = show(page, shop)
    visit.press("Refuse all", within=visit.layer)
    requests = record_requests(page)
    visit.reload()
    page.wait_for_timeout(300)
    assert to_service(requests, shop) == ["/v1/sites/shop/consent-banner.js"]
    expect(visit.layer).to_have_count(0)


def watched(page: Page, visit: Visit) -> dict[str, Any]:
    visit.layer.wait_for()
    # Paints are reported after the frame that they are part of.
    eventually(page, lambda: page.evaluate("seen.places.length > 20 && seen.largest.length > 0"))
    return dict(page.evaluate("seen"))


def test_the_page_stays_what_it_is(page: Page, shop: Embedded) -> None:
    visit = show(page, shop, head=f"<script>{WATCH}</script>")
    seen = watched(page, visit)
    assert not any(seen["largest"]), "the layer counts as the largest paint"
    assert seen["shifts"] == 0
    assert len(set(seen["places"])) == 1, "the layer moves"
    assert page.evaluate(ELEMENTS) <= MOST_ELEMENTS


def test_the_host_is_first_in_the_page(page: Page, shop: Embedded) -> None:
    visit = show(page, shop, f"<header>Top</header>{TEXT}")
    visit.layer.wait_for()
    assert page.evaluate("document.body.firstElementChild.id") == "cm-root"
