"""A choice in one tab, or on one page, counts in the others."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.published import published
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


def test_the_other_tab_asks_for_no_more_than_is_open(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    site = published(demo, tmp_path, "tabs")
    site.edit("terms", "accept: inform", "accept: agree")
    site.publish()
    first, second = site.visit(page), site.visit(page.context.new_page())
    expect(second.layer.get_by_role("button", name="Accept all")).to_be_visible()
    first.press("Refuse all", within=first.layer)
    expect(second.layer.get_by_role("button", name="Accept all")).to_have_count(0)
    second.layer.get_by_role("button", name="Agree").click()
    expect(second.layer).to_have_count(0)
    expect(first.layer).to_have_count(0)
    expect(first.page.get_by_role("button", name="Privacy choices")).to_be_visible()


def test_going_back_asks_no_more(page: Page, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    visit.go(f"{demo.news}/article.html")
    visit.press("Accept")
    page.go_back()
    visit.ready()
    expect(visit.layer).to_have_count(0)


def test_tabs_are_in_step(page: Page, demo: Demo) -> None:
    first = Visit(page, "shop").go(demo.shop)
    second = Visit(page.context.new_page(), "shop").go(f"{demo.shop}/de.html")
    for each in (first, second):
        each.page.evaluate("""document.addEventListener("consent:change", () => {
            window.changed ??= performance.timeOrigin + performance.now();
        })""")
    first.press("Accept all", within=first.layer)
    eventually(second.page, lambda: bool(second.page.evaluate("window.changed")))
    late = second.page.evaluate("changed") - first.page.evaluate("changed")
    assert late < 500, f"{late} ms later"
