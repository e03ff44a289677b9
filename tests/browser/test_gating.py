"""What waits for consent: released once and in order, stopped and cleaned up by a withdrawal."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.pages import Embedded, embedded, shop_of, show, write
from tests.browser.published import published
from tests.browser.running import Demo
from tests.browser.visits import eventually

NONCE = "r4nd0m"
IMAGE = "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'></svg>"
GATED = """
<script nonce=r4nd0m>window.ran = []</script>
<script type="text/plain" data-consent="analytics" src="/made/slow.js" nonce=r4nd0m></script>
<script type="text/plain" data-consent="analytics" nonce=r4nd0m>ran.push("inline")</script>
<script type="text/plain" data-consent="analytics" data-type="module" src="/made/module.js"
  nonce=r4nd0m></script>
<script type="text/plain" data-consent="marketing" nonce=r4nd0m>ran.push("marketing")</script>
<img data-consent="analytics" data-src="/made/pixel.svg" alt="">
<link rel="stylesheet" data-consent="analytics" data-href="/made/extra.css">
"""
MADE = {
    "slow.js": ("text/javascript", "ran.push('slow')"),
    "module.js": ("text/javascript", "ran.push('module'); import.meta.url"),
    "late.js": ("text/javascript", "ran.push('late')"),
    "pixel.svg": ("image/svg+xml", IMAGE),
    "extra.css": ("text/css", "h1 { color: rgb(1, 2, 3) }"),
    "film.html": ("text/html", "<p>A film</p>"),
}
FILM = '<iframe data-consent="analytics" data-src="/made/film.html" title="Film"></iframe>'
LATE = """(() => {
    const script = document.createElement("script");
    script.type = "text/plain";
    script.dataset.consent = "analytics";
    script.src = "/made/late.js";
    document.body.append(script);
})()"""


@pytest.fixture(scope="module")
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


@pytest.fixture(scope="module")
def clicking(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """A site where a grant opens tags at the click, and a service stores keys."""
    site = published(demo, tmp_path_factory.mktemp("clicking"), "clicking", release="click")
    services = site.settings()["services"]
    for service in services:
        if service["key"] == "tally":
            service["storage"] = ["tally", "tally_*"]
    site.change(services=services)
    return embedded(site, demo)


@pytest.fixture
def loaded(page: Page) -> list[str]:
    """Serve what pages load by consent; return the names of what they asked for."""
    names: list[str] = []

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        names.append(name)
        if name == "slow.js":
            time.sleep(0.15)
        kind, body = MADE[name]
        route.fulfill(body=body, content_type=kind)

    page.context.route("**/made/*", answer)
    return names


def policy(site: Embedded) -> str:
    return (
        f"default-src 'self'; script-src 'nonce-{NONCE}' 'self' {site.service};"
        f" connect-src {site.service}"
    )


def ran(page: Page) -> Any:
    return page.evaluate("window.ran")


def test_nothing_loads_before_a_choice_or_after_a_refusal(
    page: Page, shop: Embedded, loaded: list[str]
) -> None:
    visit = show(page, shop, GATED + FILM, policy=policy(shop))
    visit.press("Refuse all", within=visit.layer)
    page.evaluate(LATE)
    page.wait_for_timeout(100)
    assert (loaded, ran(page)) == ([], [])


def test_scripts_run_in_order_under_their_nonce(
    page: Page, shop: Embedded, loaded: list[str]
) -> None:
    visit = show(page, shop, GATED, policy=policy(shop))
    visit.open().get_by_role("switch", name="Measurement").check()
    visit.press("Save my choice")
    eventually(page, lambda: len(ran(page)) == 3)
    assert ran(page) == ["slow", "inline", "module"]
    eventually(page, lambda: len(loaded) == 4)
    assert sorted(loaded) == ["extra.css", "module.js", "pixel.svg", "slow.js"]
    expect(page.locator("link[data-consent][href]")).to_have_count(1)


def test_each_is_released_once_and_what_is_added_later_too(
    page: Page, shop: Embedded, loaded: list[str]
) -> None:
    visit = show(page, shop, GATED, policy=policy(shop))
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: len(ran(page)) == 4)
    page.evaluate(LATE)
    eventually(page, lambda: "late" in ran(page))
    visit.open()
    visit.press("Accept all", within=visit.centre)
    page.wait_for_timeout(100)
    assert sorted(ran(page)) == ["inline", "late", "marketing", "module", "slow"]
    assert sorted(loaded) == ["extra.css", "late.js", "module.js", "pixel.svg", "slow.js"]


def test_a_withdrawal_stops_what_can_be_stopped(
    page: Page, shop: Embedded, loaded: list[str]
) -> None:
    visit = show(page, shop, f"<main>{FILM}</main>")
    visit.press("Accept all", within=visit.layer)
    frame = page.locator("iframe[title=Film]")
    expect(frame.content_frame.get_by_text("A film")).to_be_visible()
    visit.open()
    visit.press("Withdraw all")
    expect(frame.content_frame.get_by_text("A film")).to_have_count(0)
    assert page.frames[-1].url == "about:blank"
    assert loaded == ["film.html"]


def test_a_withdrawal_leaves_no_trace(page: Page, clicking: Embedded) -> None:
    visit = show(page, clicking)
    visit.press("Accept all", within=visit.layer)
    page.evaluate("""() => {
        document.cookie = "_tally=1; Path=/";
        for (const store of [localStorage, sessionStorage])
            for (const key of ["tally", "tally_9", "basket"]) store[key] = "1";
    }""")
    visit.open()
    visit.press("Withdraw all")
    assert visit.marks() == set()
    for store in ("localStorage", "sessionStorage"):
        assert page.evaluate(f"Object.keys({store})") == ["basket"]


def test_who_withdraws_from_a_script_learns_what_ends_it(
    page: Page, shop: Embedded, loaded: list[str]
) -> None:
    visit = show(page, shop, GATED, policy=policy(shop))
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: len(ran(page)) == 4)
    visit.open()
    visit.press("Withdraw all")
    expect(visit.layer).to_contain_text("stops only when this page is loaded again")
    visit.layer.get_by_role("button", name="Later").click()
    expect(visit.layer).to_have_count(0)
    expect(page.get_by_role("button", name="Privacy choices")).to_be_visible()
    assert loaded.count("pixel.svg") == 1


def test_the_note_reloads_the_page(page: Page, shop: Embedded, loaded: list[str]) -> None:
    visit = show(page, shop, GATED, policy=policy(shop))
    visit.press("Accept all", within=visit.layer)
    eventually(page, lambda: len(ran(page)) == 4)
    visit.open()
    visit.press("Withdraw all")
    with page.expect_navigation():
        visit.layer.get_by_role("button", name="Reload").click()
    visit.ready()
    assert ran(page) == []


def test_tags_open_at_the_click_where_the_site_wants_that(
    page: Page, clicking: Embedded, loaded: list[str]
) -> None:
    visit = write(page, clicking, GATED, policy=policy(clicking))
    page.route("**/consents", lambda _: None)
    visit.go(clicking.address)
    visit.layer.get_by_role("button", name="Accept all").click()
    eventually(page, lambda: len(ran(page)) == 4)
    assert len(visit.kept()) == 1


def test_tags_wait_for_the_service_elsewhere(page: Page, shop: Embedded, loaded: list[str]) -> None:
    visit = write(page, shop, GATED, policy=policy(shop))
    page.route("**/consents", lambda _: None)
    visit.go(shop.address)
    visit.layer.get_by_role("button", name="Accept all").click()
    page.wait_for_timeout(200)
    assert (ran(page), loaded, len(visit.kept())) == ([], [], 1)
