"""How each layout behaves: what takes the focus and gives it back, and what a page can do to it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import TEXT, Embedded, embedded, shop_of, show
from tests.browser.published import published
from tests.browser.running import Demo
from tests.browser.visits import Visit, is_answer

HOSTILE = """<style>
* { margin: 40px; letter-spacing: 9px }
button { display: none; color: red; font-size: 5px; transform: rotate(9deg) }
p, h2, a { color: white; display: none; text-transform: uppercase }
div, section, dialog { position: absolute; left: -9999px; opacity: 0 }
body button.cm-main { background: url(nowhere.png); width: 1px; visibility: hidden }
</style>"""
LOOKS = """[...document.querySelectorAll("#cm-root *")].map((one) => {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const names = ["display", "color", "backgroundColor", "fontSize", "margin", "transform",
        "opacity", "visibility", "letterSpacing", "textTransform"];
    return [one.className, box.x, box.y, box.width, box.height, ...names.map((n) => style[n])];
})"""
PANEL = "document.querySelector('#cm-root').shadowRoot.querySelector('.cm-panel')"
PADDING = "document.documentElement.style.scrollPaddingBottom"
ACTIVE = "document.activeElement.localName"


@pytest.fixture(scope="module")
def shop(demo: Demo) -> Embedded:
    """A site with a bar."""
    return shop_of(demo)


@pytest.fixture(scope="module")
def box(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """A site with a box, last in the page."""
    folder = tmp_path_factory.mktemp("box")
    return embedded(published(demo, folder, "boxed", layout="box", placement="last"), demo)


@pytest.fixture(scope="module")
def modal(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """A site with a dialog."""
    return embedded(published(demo, tmp_path_factory.mktemp("d"), "modal", layout="dialog"), demo)


@pytest.fixture(params=["shop", "box"])
def aside(request: pytest.FixtureRequest) -> Embedded:
    """Return a site with a layout that leaves the page usable."""
    found: Embedded = request.getfixturevalue(request.param)
    return found


def refuse_by_keyboard(visit: Visit) -> None:
    visit.layer.get_by_role("button", name="Refuse all").focus()
    with visit.page.expect_response(is_answer):
        visit.page.keyboard.press("Enter")
    expect(visit.layer).to_have_count(0)


def test_bar_and_box_are_regions_that_leave_the_focus_alone(page: Page, aside: Embedded) -> None:
    visit = show(page, aside)
    visit.layer.wait_for()
    expect(page.get_by_role("region", name="Your choice at Linden & Oak")).to_be_visible()
    assert page.evaluate(ACTIVE) == "body"
    page.keyboard.press("Escape")
    expect(visit.layer).to_be_visible()


def test_what_is_focused_never_hides_behind_bar_or_box(page: Page, aside: Embedded) -> None:
    visit = show(page, aside, f"<div style='height: 3000px'></div>{TEXT}<p style='height: 3000px'>")
    visit.layer.wait_for()
    page.wait_for_function(f"parseFloat({PADDING}) > 0")
    page.keyboard.press("Tab")
    page.get_by_role("link", name="More").focus()
    link = page.get_by_role("link", name="More").bounding_box()
    assert link
    assert link["y"] + link["height"] <= page.evaluate(f"{PANEL}.getBoundingClientRect().top")
    visit.press("Refuse all", within=visit.layer)
    assert page.evaluate(PADDING) == ""


def test_a_dialog_is_modal_and_is_not_left_by_escape(page: Page, modal: Embedded) -> None:
    visit = show(page, modal)
    expect(page.get_by_role("dialog", name="Your choice at Linden & Oak")).to_be_visible()
    assert page.evaluate(f"{PANEL}.matches(':modal')")
    assert page.evaluate(ACTIVE) == "h2"
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(visit.layer).to_be_visible()
    visit.press("Refuse all", within=visit.layer)
    expect(visit.layer).to_have_count(0)
    assert page.evaluate(ACTIVE) == "main"


def test_the_focus_returns_to_where_it_was(page: Page, aside: Embedded) -> None:
    visit = show(page, aside)
    page.get_by_role("link", name="More").focus()
    refuse_by_keyboard(visit)
    expect(page.get_by_role("link", name="More")).to_be_focused()


def test_the_focus_goes_to_the_main_part_where_it_was_nowhere(page: Page, aside: Embedded) -> None:
    refuse_by_keyboard(show(page, aside))
    assert page.evaluate(ACTIVE) == "main"


def test_a_screen_reader_is_told_that_the_choice_is_saved(page: Page, aside: Embedded) -> None:
    visit = show(page, aside)
    visit.press("Refuse all", within=visit.layer)
    expect(page.locator("#cm-root").get_by_role("status")).to_have_text(
        "Your choice has been saved."
    )


def test_the_host_is_last_where_the_site_wants_that(page: Page, box: Embedded) -> None:
    show(page, box, f"{TEXT}<footer>End</footer>").layer.wait_for()
    assert page.evaluate("document.body.lastElementChild.id") == "cm-root"


@pytest.mark.parametrize("layout", ["shop", "modal"])
def test_a_page_that_draws_itself_anew_keeps_the_banner(
    page: Page, layout: str, request: pytest.FixtureRequest
) -> None:
    visit = show(page, request.getfixturevalue(layout))
    visit.layer.wait_for()
    page.evaluate("document.body.replaceChildren(document.createElement('main'))")
    expect(visit.layer).to_be_visible()
    visit.press("Refuse all", within=visit.layer)
    expect(visit.layer).to_have_count(0)


@pytest.mark.parametrize("layout", ["shop", "modal"])
def test_styles_of_the_page_reach_nothing_of_the_banner(
    page: Page, layout: str, request: pytest.FixtureRequest
) -> None:
    site = request.getfixturevalue(layout)
    show(page, site).layer.wait_for()
    plain = page.evaluate(LOOKS)
    page.context.unroute(site.address)
    show(page, site, head=HOSTILE).layer.get_by_role("button").first.wait_for()
    assert page.evaluate(LOOKS) == plain
