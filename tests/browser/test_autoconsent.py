"""Tools that answer banners for people: autoconsent by its rule and by its heuristic alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Demo
from tests.browser.visits import Visit, eventually

BANNER = Path(__file__).resolve().parents[2] / "banner"
SCRIPT = BANNER / "node_modules/@duckduckgo/autoconsent/dist/autoconsent.playwright.js"
RULE = json.loads((BANNER / "rules/autoconsent.json").read_text("utf-8"))
ELSEWHERE = json.loads((BANNER / "rules/consent-o-matic.json").read_text("utf-8"))


class Tool:
    """Autoconsent in a page, as a browser or an extension runs it."""

    def __init__(self, page: Page, **settings: Any) -> None:
        self._page = page
        self._settings = settings
        self.messages: list[dict[str, Any]] = []
        self._answered = 0
        page.expose_function("autoconsentSendMessage", self._hear)

    def run(self, rules: list[dict[str, Any]], until: str) -> None:
        """Start it, and do what it asks of the browser until a message of that type comes."""
        self._page.evaluate(SCRIPT.read_text("utf-8"))
        config = {
            "enabled": True,
            # It would hide the banner by a style element, which these pages' policy forbids.
            "enablePrehide": False,
            "enableCosmeticRules": False,
            "detectRetries": 20,
            **self._settings,
        }
        answer = {"type": "initResp", "config": config, "rules": {"autoconsent": rules}}
        eventually(self._page, lambda: bool(self.of("init")))
        self._tell(answer)
        eventually(self._page, lambda: self._is_done(until))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return its messages of a type."""
        return [message for message in self.messages if message.get("type") == kind]

    def _is_done(self, until: str) -> bool:
        while self._answered < len(self.of("eval")):
            asked = self.of("eval")[self._answered]
            self._answered += 1
            result = self._page.evaluate(asked["code"])
            self._tell({"type": "evalResp", "id": asked["id"], "result": result})
        return bool(self.of(until))

    def _tell(self, message: dict[str, Any]) -> None:
        self._page.evaluate("message => void autoconsentReceiveMessage(message)", message)

    def _hear(self, message: dict[str, Any]) -> None:
        self.messages.append(message)


@pytest.mark.parametrize(
    ("action", "stored"), [("optOut", "consent.refused"), ("optIn", "consent.given")]
)
def test_the_published_rule_answers(page: Page, demo: Demo, action: str, stored: str) -> None:
    before = demo.stored("shop")
    visit = Visit(page, "shop").go(demo.shop)
    tool = Tool(page, autoAction=action, heuristicMode="off")
    tool.run([RULE], "autoconsentDone")
    assert [message["result"] for message in tool.of(f"{action}Result")] == [True]
    expect(visit.layer).to_have_count(0)
    eventually(page, lambda: demo.stored("shop") == before + 1)
    assert demo.export("shop")[-1]["event"]["type"] == stored


@pytest.mark.parametrize("path", ["/", "/de.html"])
def test_the_heuristic_alone_refuses(page: Page, demo: Demo, path: str) -> None:
    before = demo.stored("shop")
    visit = Visit(page, "shop").go(demo.shop + path)
    tool = Tool(page, autoAction="optOut", heuristicMode="reject")
    tool.run([], "autoconsentDone")
    expect(visit.layer).to_have_count(0)
    eventually(page, lambda: demo.stored("shop") == before + 1)
    assert demo.export("shop")[-1]["event"]["type"] == "consent.refused"


def test_a_plain_notice_is_left_to_the_visitor(page: Page, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    tool = Tool(page, autoAction="optOut", heuristicMode="off")
    tool.run([RULE], "cmpDetected")
    page.wait_for_timeout(500)
    assert not tool.of("popupFound")
    expect(visit.layer).to_be_visible()


def test_the_rule_for_consent_o_matic_names_what_is_there(page: Page, demo: Demo) -> None:
    visit = Visit(page, "shop").go(demo.shop)
    (rule,) = ELSEWHERE.values()
    (detector,) = rule["detectors"]
    for matcher in (*detector["presentMatcher"], *detector["showingMatcher"]):
        expect(page.locator(matcher["target"]["selector"])).to_be_visible()
    actions = {method["name"]: method.get("action") for method in rule["methods"]}
    page.locator(actions["DO_CONSENT"]["target"]["selector"]).click()
    expect(visit.layer).to_have_count(0)
    assert visit.granted() == set()
