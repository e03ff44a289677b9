"""`window.siteConsent`: what the page's own code may use."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Embedded, shop_of, show
from tests.browser.running import Demo
from tests.browser.visits import PANEL, Visit, eventually, record_requests

HEARD = """<script>
window.heard = [];
for (const name of ["ready", "change", "open"])
    document.addEventListener(`consent:${name}`, ({detail}) =>
        heard.push([name, detail.state.analytics]));
</script>"""


@pytest.fixture
def visit(page: Page, demo: Demo) -> Visit:
    return show(page, shop_of(demo), head=HEARD)


@pytest.fixture
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


def call(visit: Visit, expression: str) -> Any:
    return visit.page.evaluate(f"siteConsent.{expression}")


def test_state_and_ready_tell_how_the_visitor_stands(visit: Visit) -> None:
    undecided = {"necessary": "not_subject", **dict.fromkeys(PANEL, "undecided")}
    assert call(visit, "state") == call(visit, "ready") == undecided
    assert (call(visit, "granted('necessary')"), call(visit, "granted('analytics')")) == (
        True,
        False,
    )
    assert call(visit, "granted('unheard-of')") is False


def test_accept_reject_and_reference(visit: Visit) -> None:
    assert call(visit, "reference ?? null") is None
    call(visit, "accept()")
    assert (visit.granted(), call(visit, "state.analytics")) == (set(PANEL), "granted")
    assert len(call(visit, "reference")) >= 8
    call(visit, "reject()")
    assert (visit.granted(), call(visit, "state.analytics")) == (set(), "denied")


def test_choose_decides_purposes_and_services(visit: Visit, demo: Demo) -> None:
    call(visit, "choose({analytics: true, marketing: false}, {adverra: true})")
    assert visit.granted() == {"analytics"}
    assert visit.token()["services"]["adverra"][0] == "granted"
    expect(visit.layer).to_contain_text("Support chat")


def test_withdraw_takes_back_what_is_named_or_all(visit: Visit) -> None:
    call(visit, "accept()")
    call(visit, "withdraw(['analytics'])")
    assert visit.granted() == {"functional", "marketing"}
    call(visit, "withdraw()")
    assert visit.granted() == set()


def test_agree_records_documents_that_are_named(visit: Visit, demo: Demo) -> None:
    call(visit, "agree(['terms'])")
    assert set(visit.token()["documents"]) == {"terms"}


def test_open_shows_the_preferences(visit: Visit) -> None:
    call(visit, "open()")
    expect(visit.centre).to_be_visible()


def test_identify_tells_the_service_and_says_why_not(visit: Visit, console: Any) -> None:
    console.allow("422|400|401|403|404")
    call(visit, "reject()")
    requests = record_requests(visit.page)
    said = visit.page.evaluate("siteConsent.identify('nonsense').catch(({message}) => message)")
    assert said.startswith("consent: not linked: ")
    assert requests[-1].url.endswith("/consents/me/subject")


def test_on_change_calls_back_until_it_is_ended(visit: Visit) -> None:
    visit.page.evaluate("""() => {
        window.told = [];
        window.off = siteConsent.onChange((state) => told.push(state.analytics));
    }""")
    call(visit, "accept()")
    visit.page.evaluate("off()")
    call(visit, "reject()")
    assert visit.page.evaluate("told") == ["granted"]


def test_the_document_hears_what_happens(visit: Visit) -> None:
    eventually(visit.page, lambda: bool(visit.page.evaluate("heard.length")))
    call(visit, "open()")
    call(visit, "accept()")
    assert visit.page.evaluate("heard") == [
        ["ready", "undecided"],
        ["open", "undecided"],
        ["change", "granted"],
    ]


def test_links_and_buttons_of_the_page_open_the_preferences(page: Page, shop: Embedded) -> None:
    visit = show(page, shop, "<main><a href='#x' data-consent-open>My <b>choices</b></a></main>")
    page.get_by_text("choices", exact=True).click()
    expect(visit.centre).to_be_visible()
    assert page.url == shop.address


def test_a_second_tag_does_nothing(page: Page, shop: Embedded, console: Any) -> None:
    visit = show(page, shop, tag=shop.tag * 2)
    eventually(page, lambda: any("on this page twice" in each for each in console.messages))
    expect(visit.layer).to_have_count(1)
