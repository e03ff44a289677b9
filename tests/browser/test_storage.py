"""What browsers keep and send: nothing before a choice, and never a cookie to the service."""

import pytest
from playwright.sync_api import Page

from tests.browser.running import Demo
from tests.browser.visits import Visit, record_requests

STORES = """async () => ({
    cookies: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map((one) => one.name),
    caches: await caches.keys(),
})"""
EMPTY = {"cookies": "", "local": [], "session": [], "databases": [], "caches": []}


@pytest.mark.parametrize("site", ["news", "shop"])
def test_nothing_is_written_before_a_choice(page: Page, demo: Demo, site: str) -> None:
    visit = Visit(page, site).go(getattr(demo, site))
    visit.layer.wait_for()
    visit.open().press("Escape")
    visit.reload()
    visit.layer.wait_for()
    assert page.evaluate(STORES) == EMPTY
    assert page.context.cookies() == []


def test_after_a_choice_there_are_two_cookies_and_nothing_else(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    visit.press("Refuse all", within=visit.layer)
    assert {name: [] for name in ("local", "session", "databases", "caches")} == {
        name: kept for name, kept in page.evaluate(STORES).items() if name != "cookies"
    }
    lasting = {each["name"]: each for each in page.context.cookies()}
    assert set(lasting) == {"consent_shop", "consent_state_shop"}
    assert {each["sameSite"] for each in lasting.values()} == {"Lax"}
    assert {each["path"] for each in lasting.values()} == {"/"}


def test_the_service_gets_no_cookie_and_sets_none(page: Page, demo: Demo) -> None:
    requests = record_requests(page)
    visit = Visit(page, "shop").go(demo.shop)
    visit.press("Accept all", within=visit.layer)
    visit.reload()
    visit.open()
    visit.press("Withdraw all")
    visit.layer.get_by_role("button", name="Later").click()
    page.get_by_role("contentinfo").get_by_role("link", name="Privacy policy").click()
    page.wait_for_load_state()

    to_service = [each for each in requests if each.url.startswith(demo.service)]
    for request in to_service:
        assert "cookie" not in request.all_headers()
    # What is on its way when the page is left may have no answer that the page sees.
    answers = [answer for request in to_service if (answer := request.response())]
    assert len(answers) >= 6
    for answer in answers:
        assert "set-cookie" not in answer.all_headers()
    assert page.context.cookies(demo.service) == []
