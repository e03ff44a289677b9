"""A choice in one tab, or on one page, counts in the others."""

from playwright.sync_api import Page, expect

from tests.browser.running import Demo
from tests.browser.visits import PANEL, Visit, eventually


def test_a_choice_takes_effect_in_the_other_tab(page: Page, demo: Demo) -> None:
    first = Visit(page, "shop").go(demo.shop)
    second = Visit(page.context.new_page(), "shop").go(f"{demo.shop}/de.html")
    first.press("Accept all", within=first.layer)
    second.wait_for_scripts(*PANEL)
    expect(second.layer).to_have_count(0)
    second.open()
    second.press("Alles widerrufen")
    eventually(first.page, lambda: first.granted() == set())
    assert first.marks() == set()


def test_going_back_asks_no_more(page: Page, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    visit.go(f"{demo.news}/article.html")
    visit.press("Accept")
    page.go_back()
    visit.ready()
    expect(visit.layer).to_have_count(0)
