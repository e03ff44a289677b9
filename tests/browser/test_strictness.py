"""The strictest pages: a policy without exceptions, Trusted Types, a pinned script."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.pages import Embedded, shop_of, show, write
from tests.browser.running import Demo, run
from tests.browser.visits import eventually, record_requests

VIOLATIONS = """window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
    violations.push([event.violatedDirective, event.blockedURI, event.sample]));"""
FILM = """<main><h1>Film</h1><iframe data-consent="marketing" data-consent-service="adverra"
data-src="/leaf.svg" title="Film" width="320" height="180"></iframe></main>"""


@pytest.fixture
def shop(demo: Demo) -> Embedded:
    return shop_of(demo)


def test_everything_keeps_to_the_strictest_policy(page: Page, shop: Embedded) -> None:
    policy = (
        f"default-src 'self'; script-src {shop.service}; connect-src {shop.service};"
        " style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page.add_init_script(VIOLATIONS)
    visit = show(page, shop, FILM, policy=policy)
    page.locator("[class*=cm-frame]").first.wait_for()
    visit.layer.get_by_role("button", name="Choose").click()
    for more in visit.centre.locator("summary").all():
        more.click()
    visit.press("Accept all", within=visit.centre)
    expect(page.locator("iframe[src]")).to_have_count(1)
    visit.open()
    visit.press("Withdraw all", within=visit.centre)
    assert page.evaluate("violations") == []


def test_a_nonce_takes_the_place_of_the_origin(page: Page, shop: Embedded) -> None:
    held = (
        '<script type="text/plain" data-consent="analytics" nonce="{0}">window.ran = "{0}"</script>'
    )
    # Under strict-dynamic a browser would run whatever a trusted script puts in.
    sources = "script-src 'nonce-right' 'strict-dynamic'"
    policy = f"default-src 'self'; {sources}; connect-src {shop.service}"
    tag = shop.tag.replace("<script", '<script nonce="right"')
    body = held.format("wrong") + held.format("right") + held.format("wrong")
    visit = show(page, shop, body, tag=tag, policy=policy)
    visit.layer.get_by_role("button", name="Choose").click()
    visit.press("Accept all", within=visit.centre)
    eventually(page, lambda: bool(page.evaluate("window.ran")))
    assert page.evaluate("window.ran") == "right"
    assert page.locator("script[type='text/plain']").count() == 2


def pinned(demo: Demo) -> str:
    """Return the tag that the command prints, with the address that the demo has."""
    told = json.loads(run(demo.data, "site", "embed", "shop", "--pinned", "--json"))["tag"]
    printed = urlsplit(told.partition('src="')[2].partition('"')[0])
    return str(told.replace(f"{printed.scheme}://{printed.netloc}", demo.service))


def test_a_pinned_script_runs_where_it_is_what_was_pinned(
    page: Page, demo: Demo, shop: Embedded
) -> None:
    requests = record_requests(page)
    visit = show(page, shop, tag=pinned(demo))
    assert "integrity=" in pinned(demo)
    visit.press("Refuse all", within=visit.layer)
    assert not [each for each in requests if each.url.endswith("/v1/sites/shop/consent-banner.js")]
    visit.open()
    expect(visit.centre).to_be_visible()


def test_a_pinned_script_that_was_changed_does_not_run(
    page: Page, demo: Demo, shop: Embedded, console: Console
) -> None:
    console.allow("integrity")

    def change(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text() + "\n")

    page.route("**/static/b/*/a.js", change)
    write(page, shop, tag=pinned(demo))
    page.goto(shop.address)
    eventually(page, lambda: any("integrity" in each for each in console.errors))
    assert page.evaluate("'siteConsent' in window") is False
