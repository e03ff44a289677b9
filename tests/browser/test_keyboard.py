"""Everything can be done with a keyboard, and Escape decides nothing."""

from playwright.sync_api import Page, expect

from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually, is_answer

FOCUSED = """(() => {
    const outer = document.activeElement;
    const inner = outer?.shadowRoot?.activeElement ?? outer;
    return inner?.textContent?.trim() ?? "";
})()"""


def tab_to(page: Page, name: str) -> int:
    """Press Tab until something of that name has the focus; return how often."""
    for count in range(1, 60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return count
    raise AssertionError(f"Tab does not reach {name}")


def test_refusing_takes_one_key_more_than_accepting(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    presses = tab_to(page, "Accept all")
    assert presses <= 4
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Refuse all"
    with page.expect_response(is_answer) as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.json()["consent"]["type"] == "consent.refused"
    expect(visit.layer).to_have_count(0)
    assert page.evaluate("document.activeElement.localName") == "main"


def test_escape_on_the_banner_does_nothing(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    before = demo.stored("shop")
    tab_to(page, "Refuse all")
    page.keyboard.press("Escape")
    expect(visit.layer).to_be_visible()
    assert page.evaluate(FOCUSED) == "Refuse all"
    assert (visit.kept(), visit.cookies(), demo.stored("shop")) == ([], {}, before)


def test_escape_in_the_centre_stores_nothing_and_returns_the_focus(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    before = demo.stored("shop")
    tab_to(page, "Choose")
    page.keyboard.press("Enter")
    visit.centre.wait_for()
    assert page.evaluate(FOCUSED) == "Privacy choices"
    visit.centre.get_by_role("switch", name="Measurement").focus()
    page.keyboard.press("Space")
    expect(visit.centre.get_by_role("switch", name="Measurement")).to_be_checked()
    page.keyboard.press("Escape")
    expect(visit.centre).to_have_count(0)
    assert page.evaluate(FOCUSED) == "Choose"
    expect(visit.layer).to_be_visible()
    assert (visit.kept(), visit.cookies(), demo.stored("shop")) == ([], {}, before)


def test_choosing_and_saving_needs_no_mouse(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    tab_to(page, "Choose")
    page.keyboard.press("Enter")
    visit.centre.wait_for()
    visit.centre.get_by_role("switch", name="Measurement").focus()
    page.keyboard.press("Space")
    tab_to(page, "Save my choice")
    page.keyboard.press("Enter")
    eventually(page, lambda: visit.granted() == {"analytics"})


def test_the_focus_stays_in_the_centre(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    visit.open()
    inside = "document.activeElement === document.querySelector('#cm-root')"
    outside = "document.activeElement === document.body"
    for _ in range(25):
        page.keyboard.press("Tab")
        # Between the last element and the first, the browser's own controls have their turn.
        assert page.evaluate(inside) or page.evaluate(outside)
