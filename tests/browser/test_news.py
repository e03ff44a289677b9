"""A plain notice on another host name than the service's: one sentence, one button."""

import json
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.running import Demo
from tests.browser.visits import Visit


def current_notice(demo: Demo) -> dict[str, object]:
    with urllib.request.urlopen(f"{demo.service}/v1/sites/news/notice") as answer:
        return dict(json.load(answer))


def test_accept_stores_both_tokens_and_one_event(page: Page, demo: Demo) -> None:
    before = demo.stored("news")
    visit = Visit(page, "news").go(demo.news)
    expect(visit.layer).to_contain_text("By using Harbour Daily, you agree to our Privacy Policy")
    expect(visit.layer.get_by_role("button")).to_have_count(1)

    answer = visit.press("Accept")

    expect(visit.layer).to_have_count(0)
    kept = page.context.cookies(demo.news)
    assert {(each["name"], each["domain"]) for each in kept} == {
        ("consent_news", "localhost"),
        ("consent_state_news", "localhost"),
    }
    assert visit.token()["documents"] == {"privacy-policy": [1, 1], "terms": [1, 1]}
    assert demo.stored("news") == before + 1
    (line,) = demo.export("news", "--visitor", answer["consent"]["visitor"])
    event = line["event"]
    assert event["type"] == "notice.acknowledged"
    notice = current_notice(demo)
    assert isinstance(notice["documents"], list)
    assert event["documents"] == {
        each["kind"]: {"n": each["number"], "sha256": each["sha256"]}
        for each in notice["documents"]
    }
    assert event["notice"] == {
        "n": notice["number"],
        "sha256": notice["sha256"],
        "variant": notice["variant"],
    }
    assert len(demo.export("news")) == demo.stored("news")


def test_nothing_is_shown_after_a_reload_or_on_another_page(page: Page, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    visit.press("Accept")
    stored = demo.stored("news")
    visit.reload()
    expect(visit.layer).to_have_count(0)
    visit.go(f"{demo.news}/article.html")
    expect(visit.layer).to_have_count(0)
    assert demo.stored("news") == stored


def test_a_withdrawal_ends_the_agreement(page: Page, demo: Demo) -> None:
    visit = Visit(page, "news").go(demo.news)
    accepted = visit.press("Accept")
    page.get_by_role("button", name="Privacy choices").click()
    withdrawn = visit.press("Withdraw all", within=visit.centre)
    assert withdrawn["consent"]["type"] == "consent.withdrawn"
    assert withdrawn["consent"]["visitor"] == accepted["consent"]["visitor"]
    assert withdrawn["agreed"] == {}
    assert visit.token()["documents"] == {}


def test_two_browsers_are_two_visitors(page: Page, demo: Demo) -> None:
    browser = page.context.browser
    assert browser
    other = browser.new_context()
    first = Visit(page, "news").go(demo.news).press("Accept")
    second = Visit(other.new_page(), "news").go(demo.news).press("Accept")
    other.close()
    assert first["consent"]["visitor"] != second["consent"]["visitor"]
