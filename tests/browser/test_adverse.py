"""Browsers that keep nothing or tell the wrong time, pages that are old, choices made elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARGUMENTS, Console, chromium_path, prepare
from tests.browser.pages import Embedded, embedded, shop_of, show, write
from tests.browser.published import published
from tests.browser.running import Demo
from tests.browser.visits import PANEL, eventually, post

GATED = """<main><h1>Notes</h1></main><script>window.ran = []</script>
<script type="text/plain" data-consent="analytics">ran.push("analytics")</script>"""
DAY = 86400
REFUSED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@pytest.fixture
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


def ran(page: Page) -> list[str]:
    return list(page.evaluate("window.ran"))


@pytest.fixture
def refusing(chromium: Browser, console: Console, tmp_path: Path) -> Iterator[Page]:
    """Give a page of a browser whose settings refuse cookies, and with them all storage."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(REFUSED))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium_path(), args=ARGUMENTS
    )
    prepare(context)
    console.watch(context)
    yield context.new_page()
    context.close()


def test_a_browser_that_keeps_nothing_follows_on_this_page_at_least(
    refusing: Page, shop: Embedded
) -> None:
    visit = show(refusing, shop, GATED)
    visit.layer.get_by_role("button", name="Accept all").click()
    eventually(refusing, lambda: ran(refusing) == ["analytics"])
    expect(visit.layer).to_have_count(0)
    assert refusing.evaluate("document.cookie") == ""
    refusing.evaluate("siteConsent.withdraw()")
    assert visit.granted() == set()
    visit.reload()
    expect(visit.layer).to_be_visible()
    assert ran(refusing) == []


def test_an_answer_on_an_old_page_counts_where_its_question_is_still_the_same(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    site = published(demo, tmp_path, "outdated")
    visit = show(page, embedded(site, demo), GATED)
    site.change(layout="box")
    answer = visit.press("Accept all", within=visit.layer)
    assert answer["consent"]["notice"]["number"] == 1
    visit.reload()
    expect(visit.layer).to_have_count(0)


@pytest.mark.parametrize("years", [-10, 10])
def test_a_wrong_clock_asks_again_at_worst(page: Page, shop: Embedded, years: int) -> None:
    visit = write(page, shop, GATED)
    page.clock.install(time=1_800_000_000 + years * 365 * DAY)
    page.clock.resume()
    visit.go(shop.address)
    visit.press("Accept all", within=visit.layer)
    if years < 0:
        assert visit.granted() == set(PANEL)
    visit.reload()
    expect(visit.layer).to_have_count(0 if years < 0 else 1)


def test_a_choice_from_elsewhere_arrives_within_a_day(
    page: Page, demo: Demo, shop: Embedded
) -> None:
    visit = show(page, shop, GATED)
    visit.press("Accept all", within=visit.layer)
    credential = visit.cookies()["consent_shop"]
    site = f"{demo.service}/v1/sites/shop"
    act = {"action": "withdraw", "notice": 1, "key": "0a2f2d38-8e9e-4a2b-9d0e-5a1a5f0b7c11"}
    post(f"{site}/consents", demo.shop, {**act, "credential": credential})
    page.clock.install()
    page.clock.fast_forward((DAY + 60) * 1000)
    page.clock.resume()
    visit.reload()
    eventually(page, lambda: visit.granted() == set())
