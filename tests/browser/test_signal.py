"""The opt-out signal (Global Privacy Control): honoured, told once, overridden by a second act."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.published import SIGNAL, Published, published
from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually, is_answer, record_requests

HONOURED = "Opt-out request honoured"


@pytest.fixture(scope="module")
def us(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("us")
    return published(demo, folder, "us", profiles=["us-opt-out"], texts={})


def switch_on_signal(visit: Visit) -> None:
    visit.page.add_init_script(SIGNAL)


def test_the_signal_goes_on_record_once(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    visitor = visit.press("Accept all", within=visit.layer)["consent"]["visitor"]
    switch_on_signal(visit)
    with page.expect_response(is_answer) as told:
        visit.reload()
    assert told.value.json()["consent"]["type"] == "optout.signal"
    eventually(page, lambda: not visit.kept())
    assert visit.granted() == {"functional", "analytics"}
    assert visit.token()["purposes"]["marketing"][0] == "denied"
    requests = record_requests(page)
    visit.reload()
    assert not [each for each in requests if each.method == "POST"]
    types = [line["event"]["type"] for line in demo.export("shop", "--visitor", visitor)]
    assert types == ["consent.given", "optout.signal"]


def test_without_a_record_the_signal_is_told_to_nobody(page: Page, demo: Demo) -> None:
    page.add_init_script(SIGNAL)
    requests = record_requests(page)
    visit = Visit(page, "shop").go(demo.shop)
    visit.layer.wait_for()
    expect(visit.layer).to_contain_text(HONOURED)
    assert not [each for each in requests if each.url.endswith("/consents")]


def test_a_sale_against_the_signal_takes_a_second_act(page: Page, demo: Demo) -> None:
    page.add_init_script(SIGNAL)
    visit = Visit(page, "shop").go(demo.shop)
    visit.press("Accept all", within=visit.layer)
    assert visit.granted() == {"functional", "analytics"}
    advertising = visit.open().get_by_role("switch", name="Advertising")
    confirm = visit.centre.locator(".confirm")
    advertising.click()
    confirm.get_by_role("button", name="Leave off").click()
    expect(confirm).to_have_count(0)
    expect(advertising).not_to_be_checked()
    expect(advertising).to_be_focused()
    advertising.click()
    page.keyboard.press("Escape")
    expect(advertising).not_to_be_checked()
    expect(visit.centre).to_be_visible()
    advertising.click()
    expect(confirm).to_contain_text("Your browser asks sites not to sell or share your data")
    confirm.get_by_role("button", name="Allow anyway").click()
    expect(advertising).to_be_checked()

    visitor = visit.press("Save my choice")["consent"]["visitor"]
    visit.wait_for_scripts("functional", "analytics", "marketing")
    assert visit.token()["purposes"]["marketing"][3] == 1
    requests = record_requests(page)
    visit.reload()
    visit.wait_for_scripts("functional", "analytics", "marketing")
    assert not [each for each in requests if each.method == "POST"]
    event = demo.export("shop", "--visitor", visitor)[-1]["event"]
    assert event["signals"] == {"gpc": True, "override": True}
    assert event["decisions"]["marketing"] == "granted"


def test_opt_out_runs_until_the_visitor_objects_and_then_keeps_peace(
    page: Page, us: Published
) -> None:
    visit = us.visit(page)
    visit.wait_for_scripts("functional", "analytics", "marketing")
    expect(visit.layer).to_contain_text("until you opt out")
    expect(visit.layer.get_by_role("button", name="OK, allow all")).to_be_visible()
    answer = visit.press("Opt out of all", within=visit.layer)
    assert answer["consent"]["type"] == "consent.refused"
    assert visit.granted() == set()
    for _ in range(2):
        visit.reload()
        assert (visit.ran(), visit.granted()) == (set(), set())
        expect(visit.layer).to_have_count(0)
    visit.open().get_by_role("button", name="OK, allow all").click()
    expect(visit.centre.locator(".confirm")).to_contain_text("You opted out earlier")
    visit.press("Allow anyway", within=visit.centre)
    visit.wait_for_scripts("functional", "analytics", "marketing")


def test_opt_out_with_the_signal_does_not_ask_about_sales(page: Page, us: Published) -> None:
    page.add_init_script(SIGNAL)
    visit = us.visit(page)
    visit.wait_for_scripts("functional", "analytics")
    expect(visit.layer).to_contain_text("Measurement")
    expect(visit.layer).not_to_contain_text("Advertising")
    visit.press("OK, allow all", within=visit.layer)
    visit.reload()
    expect(visit.layer).to_have_count(0)
    assert visit.granted() == {"functional", "analytics"}
