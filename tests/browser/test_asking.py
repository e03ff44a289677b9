"""What the banner asks, and when it comes back: for what is new only, and for documents."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Console
from tests.browser.published import VIDEO, Published, published
from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually, record_requests

Publish = Callable[..., Published]
FORM = """<form action="/order" data-consent-agree="terms"><button>Order and pay</button></form>"""


@pytest.fixture
def publish(demo: Demo, tmp_path: Path) -> Publish:
    return partial(published, demo, tmp_path)


def until_notice(visit: Visit, number: int) -> None:
    """Reload until a notice is served."""

    def served() -> bool:
        with visit.page.expect_response("**/consent-banner.js*") as script:
            visit.reload()
        return f'"number":{number},' in script.value.text()

    eventually(visit.page, served)


def test_a_new_purpose_is_asked_about_alone(page: Page, publish: Publish) -> None:
    site = publish("again")
    visit = site.visit(page)
    visit.press("Accept all", within=visit.layer)
    before = visit.token()["purposes"]
    site.add_purpose(VIDEO)
    until_notice(visit, 2)
    visit.layer.wait_for()
    expect(visit.layer).to_contain_text("Only what is new")
    expect(visit.layer).to_contain_text("Videos")
    expect(visit.layer).to_contain_text("Plays films about the workshop. Who receives it: Reel Ltd")
    expect(visit.layer).not_to_contain_text("Measurement")
    visit.wait_for_scripts("functional", "analytics", "marketing")
    answer = visit.press("Refuse all", within=visit.layer)
    assert answer["consent"]["decisions"] == {"video": "denied"}
    after = visit.token()["purposes"]
    assert {key: after[key] for key in before} == before
    assert answer["state"]["analytics"]["notice"] == 1
    visit.reload()
    expect(visit.layer).to_have_count(0)


def test_what_holds_can_be_withdrawn_while_part_is_asked_again(
    page: Page, publish: Publish
) -> None:
    site = publish("partly")
    visit = site.visit(page)
    visit.press("Accept all", within=visit.layer)
    site.add_purpose(VIDEO)
    until_notice(visit, 2)
    visit.layer.get_by_role("button", name="Choose").click()
    answer = visit.press("Withdraw all", within=visit.centre)
    assert answer["consent"]["type"] == "consent.withdrawn"
    assert visit.granted() == set()


def test_documents_that_wait_stand_in_the_way_of_nothing(page: Page, publish: Publish) -> None:
    site = publish("waiting")
    site.edit("terms", "accept: inform", "accept: agree")
    site.publish()
    visit = site.visit(page)
    until_notice(visit, 2)
    visit.press("Accept all", within=visit.layer)
    expect(visit.layer).to_contain_text("Please read the following. Do you agree?")
    stored = visit.cookies()

    visit.layer.get_by_role("button", name="Later").click()
    expect(visit.layer).to_have_count(0)
    reopen = page.get_by_role("button", name="Privacy choices")
    expect(reopen).to_be_visible()
    reopen.click()
    visit.press("Save my choice", within=visit.centre)
    expect(visit.layer).to_have_count(0)
    assert visit.token()["documents"] == {}
    visit.reload()
    visit.layer.get_by_role("button", name="Privacy choices").click()
    visit.press("Withdraw all", within=visit.centre)
    assert visit.granted() == set()
    assert visit.cookies().keys() <= stored.keys()


def test_documents_are_agreed_to_and_noted_in_acts_of_their_own(
    page: Page, publish: Publish
) -> None:
    site = publish("papers")
    site.edit("terms", "accept: inform", "accept: agree")
    site.edit("privacy-policy", "accept: inform", "accept: acknowledge")
    site.publish()
    visit = site.visit(page)
    until_notice(visit, 2)
    consent = visit.press("Refuse all", within=visit.layer)["consent"]
    assert consent["documents"] == {}
    expect(visit.layer.get_by_role("heading")).to_have_text("Documents")
    visit.layer.get_by_role("button", name="Agree").click()
    eventually(page, lambda: len(visit.token()["documents"]) == 2)
    expect(visit.layer).to_have_count(0)
    types = [line["event"]["type"] for line in site.export()]
    assert sorted(types[1:]) == ["documents.agreed", "notice.acknowledged"]

    site.edit("terms", "accept: agree", "accept: agree\nmaterial: true\nsummary: Returns are free.")
    site.edit("terms", "These terms apply", "These new terms apply")
    site.publish()
    until_notice(visit, 3)
    visit.layer.wait_for()
    link = visit.layer.get_by_role("link", name="What changed: Terms of Sale")
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.get_by_role("heading", name="What changed in Terms")).to_be_visible()


def orders(page: Page) -> list[str]:
    """Collect where the form goes."""
    seen: list[str] = []

    def answer(route: Route) -> None:
        seen.append(route.request.url)
        route.fulfill(body="Thank you", content_type="text/plain")

    page.route("**/order*", answer)
    return seen


def test_a_form_tells_what_was_agreed_before_it_goes_on(page: Page, publish: Publish) -> None:
    site = publish("checkout", more=FORM)
    site.visit(page)
    seen = orders(page)
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/order*")
    (line,) = site.export()
    assert line["event"]["type"] == "documents.agreed"
    assert line["event"]["documents"]["terms"]["n"] == 1
    query = f"consent_agreed=terms%401&consent_reference={line['reference']}"
    assert seen == [f"{site.origin}/order?{query}"]


def test_a_form_goes_on_while_the_service_is_silent_and_is_told_later(
    page: Page, publish: Publish, console: Console
) -> None:
    console.allow("ERR_FAILED")
    site = publish("outage", more=FORM)
    visit = site.visit(page)
    seen = orders(page)
    page.route("**/consents", lambda _: None)
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/order*", timeout=3000)
    assert seen[0].endswith("?consent_agreed=terms%401")
    (kept,) = visit.kept()
    assert kept["answer"]["documents"] == {"terms": 1}
    page.unroute("**/consents")
    with page.expect_response("**/consents") as recorded:
        site.visit(page)
    assert recorded.value.json()["consent"]["type"] == "documents.agreed"


def showings(demo: Demo, key: str) -> int:
    """Return how many showings of a site the database file holds."""
    with closing(sqlite3.connect(demo.data / "consent.db")) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(showings), 0) FROM impression JOIN site USING (site_id)"
            " WHERE key = ? AND kind = 'shown'",
            (key,),
        ).fetchone()
    return int(row[0])


def test_each_showing_is_counted_once_and_names_nobody(
    page: Page, demo: Demo, publish: Publish
) -> None:
    site = publish("counted")
    requests = record_requests(page)

    def told() -> list[Request]:
        return [each for each in requests if each.url.endswith("/impressions")]

    visit = site.visit(page)
    eventually(page, lambda: len(told()) == 1)
    visit.reload()
    eventually(page, lambda: len(told()) == 2)
    visit.press("Refuse all", within=visit.layer)
    visit.reload()
    page.wait_for_timeout(500)
    assert [set(each.post_data_json or {}) for each in told()] == [{"notice", "variant"}] * 2
    assert all(each.header_value("cookie") is None for each in told())
    eventually(page, lambda: showings(demo, "counted") == 2)


def test_in_italy_closing_refuses(page: Page, publish: Publish) -> None:
    visit = publish("italy", profiles=["italy"]).visit(page)
    answer = visit.press("Close and refuse all", within=visit.layer)
    assert answer["consent"]["type"] == "consent.refused"
    assert visit.granted() == set()
    visit.reload()
    expect(visit.layer).to_have_count(0)


def test_children_are_asked_nothing(page: Page, publish: Publish) -> None:
    site = publish("children", child_directed=True)
    visit = site.visit(page)
    assert (visit.ran(), visit.granted()) == (set(), set())
    expect(visit.layer).to_have_count(0)
    visit.open()
    names = [each.inner_text() for each in visit.centre.get_by_role("button").all()]
    assert not {"Accept all", "Refuse all", "Save my choice"} & set(names)
