"""While the service cannot be reached, answers are kept; a refusal acts, a grant waits."""

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.running import Demo
from tests.browser.visits import PANEL, Visit, eventually


class Line:
    """The line to the service, which can be cut."""

    def __init__(self, page: Page, service: str) -> None:
        self._context = page.context
        self._pattern = f"{service}/**/consents*"

    def cut(self) -> None:
        self._context.route(self._pattern, lambda route: route.abort())

    def mend(self) -> None:
        self._context.unroute(self._pattern)


@pytest.fixture
def line(page: Page, demo: Demo, console: Console) -> Line:
    console.allow("ERR_FAILED")
    return Line(page, demo.service)


def press(visit: Visit, name: str) -> None:
    """Press a button whose answer will not arrive."""
    with visit.page.expect_event("requestfailed"):
        visit.page.locator("#cm-root").get_by_role("button", name=name, exact=True).click()


def claimed_at(exported: dict[str, Any]) -> datetime | None:
    for opening in exported["openings"]:
        decoded = base64.urlsafe_b64decode(opening + "=" * (-len(opening) % 4))
        _salt, name, value = json.loads(decoded)
        if name == "claimed_at":
            return datetime.fromisoformat(value)
    return None


def test_a_grant_waits_and_is_sent_from_the_next_page(page: Page, demo: Demo, line: Line) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    before = demo.stored("shop")
    line.cut()
    press(visit, "Accept all")
    expect(visit.layer).to_have_count(0)
    assert (visit.granted(), visit.ran(), visit.marks()) == (set(), set(), set())
    expect(visit.open()).to_contain_text("Not saved on the server yet")
    visit.reload()
    expect(visit.layer).to_have_count(0)
    assert (visit.granted(), visit.ran()) == (set(), set())
    assert [each["answer"]["action"] for each in visit.kept()] == ["accept"]
    assert demo.stored("shop") == before

    line.mend()
    visit.go(f"{demo.shop}/de.html")
    visit.wait_for_scripts(*PANEL)
    assert (visit.granted(), visit.kept()) == (set(PANEL), [])
    assert demo.stored("shop") == before + 1
    exported = demo.export("shop")[-1]
    assert exported["event"]["type"] == "consent.given"
    assert "claimed_at" in exported["event"]["priv"]
    claimed = claimed_at(exported)
    assert claimed
    assert claimed < datetime.fromisoformat(exported["event"]["ts"])


def test_a_refusal_acts_at_once(page: Page, demo: Demo, line: Line) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    visit.open()
    line.cut()
    press(visit, "Withdraw all")
    assert (visit.granted(), visit.marks()) == (set(), set())
    visit.reload()
    assert (visit.granted(), visit.ran(), visit.marks()) == (set(), set(), set())
    assert visit.token()["purposes"]["analytics"][0] == "granted"

    line.mend()
    visit.reload()
    eventually(page, lambda: not visit.kept())
    assert visit.token()["purposes"]["analytics"][0] == "denied"
    assert (visit.granted(), visit.ran()) == (set(), set())


def test_the_last_answer_counts_where_the_mind_was_changed(
    page: Page, demo: Demo, line: Line
) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    line.cut()
    press(visit, "Accept all")
    visit.open()
    press(visit, "Refuse all")
    line.mend()
    visit.reload()
    eventually(page, lambda: not visit.kept())
    assert visit.token()["purposes"]["analytics"][0] == "denied"
    assert (visit.granted(), visit.ran(), visit.marks()) == (set(), set(), set())


def test_nothing_runs_where_the_banner_cannot_be_loaded(
    page: Page, demo: Demo, console: Console
) -> None:
    console.allow("ERR_FAILED")
    page.context.route(f"{demo.service}/**", lambda route: route.abort())
    page.goto(demo.shop)
    page.get_by_role("button", name="Add to basket").first.click()
    expect(page.locator("#basket")).to_have_text("Basket (1)")
    assert Visit(page, "shop").ran() == set()
