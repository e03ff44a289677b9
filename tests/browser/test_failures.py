"""What fails on the way: parts, the script, the notice, the service. The page goes on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.pages import Embedded, shop_of, show, write
from tests.browser.running import Demo
from tests.browser.visits import PANEL, eventually

GATED = """<main><h1>Notes</h1><button onclick="this.textContent = 'Pressed'">Press</button></main>
<script>window.ran = []</script>
<script type="text/plain" data-consent="analytics">ran.push("analytics")</script>"""


@pytest.fixture
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


def ran(page: Page) -> list[str]:
    return list(page.evaluate("window.ran"))


def works(page: Page) -> None:
    """Check that the page itself goes on."""
    page.get_by_role("button", name="Press").click()
    expect(page.get_by_role("button", name="Pressed")).to_be_visible()


def cut_parts(page: Page, console: Console) -> None:
    console.allow("ERR_FAILED")
    page.context.route("**/static/b/**", lambda route: route.abort())


def test_preferences_that_cannot_be_loaded_leave_a_way_to_refuse(
    page: Page, shop: Embedded, console: Console
) -> None:
    cut_parts(page, console)
    visit = show(page, shop, GATED)
    visit.layer.get_by_role("button", name="Choose").click()
    expect(visit.layer).to_contain_text("Measurement: Off")
    expect(visit.layer).to_contain_text("Necessary: On")
    answer = visit.press("Refuse all", within=visit.layer)
    assert answer["consent"]["type"] == "consent.refused"


def test_preferences_that_cannot_be_loaded_leave_a_way_to_withdraw(
    page: Page, shop: Embedded, console: Console
) -> None:
    visit = show(page, shop, GATED)
    visit.press("Accept all", within=visit.layer)
    cut_parts(page, console)
    visit.reload()
    page.get_by_role("button", name="Privacy choices").click()
    expect(visit.layer).to_contain_text("Measurement: On")
    answer = visit.press("Refuse all", within=visit.layer)
    assert answer["consent"]["type"] == "consent.withdrawn"
    assert visit.granted() == set()


@pytest.mark.parametrize("fail", ["refuse", "error", "garbage"])
def test_a_script_that_does_not_come_leaves_the_page_alone(
    page: Page, shop: Embedded, console: Console, fail: str
) -> None:
    answers: dict[str, Callable[[Route], None]] = {
        "refuse": lambda route: route.abort("blockedbyclient"),
        "error": lambda route: route.fulfill(status=503),
        "garbage": lambda route: route.fulfill(body="<h1>Bad gateway", content_type="text/html"),
    }
    console.allow("ERR_BLOCKED|503|MIME|SyntaxError|Unexpected")
    page.route("**/consent-banner.js", answers[fail])
    write(page, shop, GATED)
    page.goto(shop.address)
    works(page)
    assert ran(page) == []
    assert page.evaluate("'siteConsent' in window") is False


@pytest.mark.parametrize("body", ["<h1>Hello", "{}", '{"texts": {}}', "[]", "null"])
def test_a_malformed_notice_allows_nothing_and_shows_nothing(
    page: Page, shop: Embedded, console: Console, body: str
) -> None:
    console.allow("consent: all is denied")
    page.route("**/notice?*", lambda route: route.fulfill(body=body))
    visit = show(page, shop, GATED, tag=shop.static_tag)
    works(page)
    assert (visit.granted(), ran(page), visit.layer.count()) == (set(), [], 0)


def test_a_service_that_is_silent_keeps_nothing_from_the_page(page: Page, shop: Embedded) -> None:
    visit = write(page, shop, GATED, tag=shop.static_tag)
    page.route("**/notice?*", lambda _: None)
    page.goto(shop.address)
    works(page)
    eventually(page, lambda: bool(page.evaluate("!!window.siteConsent")))
    assert (visit.granted(), ran(page)) == (set(), [])


def test_without_a_notice_what_is_on_record_holds_and_can_be_withdrawn(
    page: Page, shop: Embedded, console: Console
) -> None:
    console.allow("503")
    visit = show(page, shop, GATED, tag=shop.static_tag)
    visit.press("Accept all", within=visit.layer)
    page.route("**/notice?*", lambda route: route.fulfill(status=503))
    visit.reload()
    assert visit.granted() == set(PANEL)
    page.evaluate("void siteConsent.withdraw()")
    eventually(page, lambda: visit.granted() == set())
    page.unroute("**/notice?*")
    visit.reload()
    assert visit.granted() == set()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_answer_that_fails_is_kept_and_sent_later(
    page: Page, shop: Embedded, console: Console, status: int
) -> None:
    console.allow(str(status))
    visit = write(page, shop, GATED)
    page.route("**/consents", lambda route: route.fulfill(status=status))
    visit.go(shop.address)
    with page.expect_response("**/consents"):
        visit.layer.get_by_role("button", name="Accept all").click()
    expect(visit.layer).to_have_count(0)
    assert (visit.granted(), ran(page), len(visit.kept())) == (set(), [], 1)
    page.unroute("**/consents")
    visit.reload()
    eventually(page, lambda: ran(page) == ["analytics"])
    assert visit.kept() == []
