"""Opt-in: what each choice stores, and what runs because of it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Demo
from tests.browser.visits import PANEL, Visit

ALL = set(PANEL)
DENIED = dict.fromkeys(PANEL, "denied")
NECESSARY = {"necessary": "not_required"}


@pytest.fixture
def visit(page: Page, demo: Demo) -> Visit:
    return Visit(page, "shop").go(demo.shop)


def chosen(answer: dict[str, dict[str, dict[str, str]]]) -> dict[str, str]:
    decisions = answer["consent"]["decisions"]
    return {purpose: decisions[purpose] for purpose in PANEL if purpose in decisions}


def test_each_choice_stores_its_event(visit: Visit, demo: Demo) -> None:
    visit.press("Refuse all", within=visit.layer)
    centre = visit.open()
    centre.get_by_role("switch", name="Measurement").check()
    visit.press("Save my choice")
    visit.open()
    visit.press("Withdraw all")
    visit.open()
    visitor = visit.press("Accept all", within=visit.centre)["consent"]["visitor"]

    lines = demo.export("shop", "--visitor", visitor)
    events = [line["event"] for line in lines]
    assert [line["visitor_seq"] for line in lines] == [1, 2, 3, 4]
    assert [event["type"] for event in events] == [
        "consent.refused",
        "consent.updated",
        "consent.withdrawn",
        "consent.given",
    ]
    decisions = [{p: each["decisions"].get(p) for p in PANEL} for each in events]
    assert decisions == [
        DENIED,
        {**DENIED, "analytics": "granted"},
        {**dict.fromkeys(PANEL), "analytics": "denied"},
        dict.fromkeys(PANEL, "granted"),
    ]
    assert [(event["method"], event["layer"]) for event in events] == [
        ("banner", 1),
        ("preferences", 2),
        ("preferences", 2),
        ("preferences", 2),
    ]
    assert len({line["reference"] for line in lines}) == 1
    assert len(demo.export("shop")) == demo.stored("shop")


def test_nothing_runs_before_a_choice_or_after_a_refusal(visit: Visit) -> None:
    assert (visit.ran(), visit.marks(), visit.granted()) == (set(), set(), set())
    answer = visit.press("Refuse all", within=visit.layer)
    assert answer["consent"]["type"] == "consent.refused"
    assert chosen(answer) == DENIED
    for _ in range(2):
        assert (visit.ran(), visit.marks(), visit.granted()) == (set(), set(), set())
        expect(visit.layer).to_have_count(0)
        visit.reload()


def test_accept_grants_all_and_runs_all_on_each_page(visit: Visit) -> None:
    answer = visit.press("Accept all", within=visit.layer)
    assert chosen(answer) == dict.fromkeys(PANEL, "granted")
    visit.wait_for_scripts(*PANEL)
    assert visit.marks() == ALL
    visit.reload()
    visit.wait_for_scripts(*PANEL)
    expect(visit.layer).to_have_count(0)


def test_only_what_was_chosen_runs(visit: Visit) -> None:
    visit.layer.get_by_role("button", name="Choose").click()
    for switch in visit.centre.get_by_role("switch").all()[1:]:
        expect(switch).not_to_be_checked()
    visit.centre.get_by_role("switch", name="Measurement").check()
    visit.press("Save my choice")
    visit.wait_for_scripts("analytics")
    assert visit.marks() == {"analytics"}
    visit.reload()
    visit.wait_for_scripts("analytics")
    assert visit.granted() == {"analytics"}
    expect(visit.page.locator("#run-analytics .cookie")).to_have_text("Cookie _tally is set")


def test_a_withdrawal_deletes_cookies_at_once_and_ends_the_scripts(visit: Visit) -> None:
    visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    visit.page.get_by_role("link", name="Privacy choices").click()
    visit.press("Withdraw all")
    assert (visit.marks(), visit.granted()) == (set(), set())
    visit.reload()
    assert (visit.ran(), visit.marks()) == (set(), set())
    expect(visit.layer).to_have_count(0)


def test_switching_one_purpose_off_leaves_the_others(visit: Visit) -> None:
    visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    visit.open().get_by_role("switch", name="Advertising").uncheck()
    visit.press("Save my choice")
    assert visit.marks() == {"functional", "analytics"}
    visit.reload()
    visit.wait_for_scripts("functional", "analytics")


def test_the_shops_own_cookie_needs_no_choice(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Add to basket").first.click()
    expect(visit.page.locator("#basket")).to_have_text("Basket (1)")
    visit.press("Refuse all", within=visit.layer)
    assert visit.cookies()["lo_basket"] == "1"
