"""The page that the service hosts for one visitor, reached from the website and back."""

import json
import urllib.request
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, NewPage
from tests.browser.running import Demo
from tests.browser.visits import PANEL, Visit, eventually, post


def open_history(visit: Visit) -> None:
    visit.open()
    visit.centre.locator(".identity .history").click()
    visit.page.wait_for_url("**/preferences?*")


def test_a_change_there_takes_effect_on_return(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    accepted = visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    open_history(visit)
    expect(page.get_by_text(accepted["consent"]["reference"])).to_be_visible()
    measurement = page.get_by_role("group", name="Measurement")
    expect(measurement.get_by_role("radio", name="Allow")).to_be_checked()
    measurement.get_by_role("radio", name="Refuse").check()
    page.get_by_role("button", name="Save my choice").click()

    page.wait_for_url(f"{demo.shop}/**")
    visit.ready()
    eventually(page, lambda: "analytics" not in visit.granted())
    assert page.url == f"{demo.shop}/"
    visit.wait_for_scripts("functional", "marketing")
    assert visit.marks() == {"functional", "marketing"}
    assert visit.token()["purposes"]["analytics"][0] == "denied"
    line = demo.export("shop", "--visitor", accepted["consent"]["visitor"])[-1]
    assert line["event"]["decisions"] == {"analytics": "denied"}
    assert line["event"]["method"] == "preferences"


def test_erasing_there_makes_the_site_forget_and_ask_again(
    page: Page, demo: Demo, console: Console
) -> None:
    console.allow("401")
    visit = Visit(page, "shop").go(demo.shop)
    accepted = visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    open_history(visit)
    page.get_by_role("heading", name="Erase my record").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase my record").click()
    page.get_by_role("link", name="Linden & Oak").last.click()

    page.wait_for_url(f"{demo.shop}/**")
    visit.layer.wait_for()
    assert page.url == f"{demo.shop}/"
    assert visit.cookies() == {}
    assert (visit.granted(), visit.ran()) == (set(), set())
    assert demo.export("shop", "--visitor", accepted["consent"]["visitor"]) == []


def test_it_speaks_the_language_of_the_page_it_came_from(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(f"{demo.shop}/ar.html")
    visit.press("رفض الكل", within=visit.layer)
    open_history(visit)
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "ar")
    expect(html).to_have_attribute("dir", "rtl")
    page.get_by_role("radio").first.check()
    page.locator("form button.button[value=choose]").click()
    page.wait_for_url(f"{demo.shop}/ar.html**")
    eventually(page, lambda: visit.granted() == {"functional"})


def test_it_works_without_javascript(new_page: NewPage, demo: Demo) -> None:
    page = new_page(java_script_enabled=False)
    site = f"{demo.service}/v1/sites/shop"
    act = {"action": "accept", "notice": 1, "key": str(uuid4())}
    credential = post(f"{site}/consents", demo.shop, act)["credential"]
    back = f"{demo.shop}/de.html?from=mail"
    asked = {"return": back, "credential": credential}
    page.goto(post(f"{site}/consents/me/link", demo.shop, asked)["url"])

    page.get_by_role("group", name="Advertising").get_by_role("radio", name="Refuse").check()
    page.get_by_role("button", name="Save my choice").click()
    assert page.url == f"{back}#consent-refresh"
    me = urllib.request.Request(
        f"{site}/consents/me", headers={"Authorization": f"Consent {credential}"}
    )
    with urllib.request.urlopen(me) as answer:
        state = json.load(answer)["state"]
    assert {purpose: state[purpose]["value"] for purpose in PANEL} == {
        "functional": "granted",
        "analytics": "granted",
        "marketing": "denied",
    }


def test_the_history_fits_a_phone(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    visit = Visit(page, "shop").go(f"{demo.shop}/de.html")
    visit.press("Alle akzeptieren", within=visit.layer)
    open_history(visit)
    history = page.get_by_role("table", name="Ihre früheren Entscheidungen")
    expect(history.get_by_role("cell")).to_have_count(4)
    cells = history.get_by_role("cell").all()
    boxes = [cell.bounding_box() for cell in (history, *cells)]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)


def test_a_link_opens_once(page: Page, new_page: NewPage, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    visit.press("Accept")
    open_history(visit)
    expect(page.get_by_text("Your reference")).to_be_visible()
    other = new_page()
    answer = other.request.get(page.url)
    assert answer.status >= 400
    assert "Your reference" not in answer.text()


def test_a_stranger_sees_what_is_asked_and_nothing_else(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.service}/sites/shop/preferences")
    expect(page.get_by_role("heading", name="This browser is not known here")).to_be_visible()
    expect(page.get_by_role("radio")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
