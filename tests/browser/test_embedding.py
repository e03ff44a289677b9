"""Path and subdomain mode over different host names: the service sets the cookies."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Cookie, Page, expect

from tests.browser.conftest import ARGUMENTS, TIMEOUT_MS, Console, chromium_path
from tests.browser.running import Running, run, three_free_ports
from tests.browser.visits import PANEL, Visit, eventually, record_requests
from tests.browser.websites import PREFIX, Website, serving, write_site


@dataclass(frozen=True, slots=True)
class Embedded:
    """Origins of two websites, and of the service as the second one knows it."""

    path: str
    subdomain: str
    service: str


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    folder = tmp_path_factory.mktemp("embedded")
    data = folder / "data"
    port = three_free_ports()
    there = Embedded(
        path=f"http://shop.localhost:{port + 1}",
        subdomain=f"http://studio.localhost:{port + 2}",
        service=f"http://consent.studio.localhost:{port}",
    )
    shop = Website(key="shop", base=there.path + PREFIX, service_port=port)
    studio = Website(key="studio", base=there.service, service_port=port)
    path = {"mode": "path", "base_url": shop.base}
    subdomain = {
        "mode": "subdomain",
        "base_url": studio.base,
        "cookie_domain": "studio.localhost",
    }
    run(data, "db", "upgrade")
    run(data, "site", "apply", str(write_site(folder / "shop", "shop", there.path, path)))
    studio_folder = write_site(folder / "studio", "studio", there.subdomain, subdomain)
    run(data, "site", "apply", str(studio_folder))
    address = f"127.0.0.1:{port}"
    service = Running(data, "serve", CONSENT_BIND=address, CONSENT_PUBLIC_URL=f"http://{address}")
    try:
        service.wait_for_page(f"http://{address}/readyz")
        with ExitStack() as stack:
            stack.enter_context(serving(shop, port + 1))
            stack.enter_context(serving(studio, port + 2))
            yield there
    finally:
        status = service.stop()
    assert status == 0


def cookies_of(page: Page, key: str) -> dict[str, Cookie]:
    found = {each["name"]: each for each in page.context.cookies() if key in each["name"]}
    assert set(found) == {f"consent_{key}", f"consent_state_{key}"}
    return found


@pytest.mark.parametrize(("site", "key"), [("path", "shop"), ("subdomain", "studio")])
def test_choices_work_and_the_server_keeps_the_credential(
    page: Page, embedded: Embedded, site: str, key: str
) -> None:
    visit = Visit(page, key).go(getattr(embedded, site))
    refused = visit.press("Refuse all", within=visit.layer)
    assert refused["consent"]["type"] == "consent.refused"
    assert "credential" not in refused
    kept = cookies_of(page, key)
    assert kept[f"consent_{key}"]["httpOnly"] is True
    assert kept[f"consent_state_{key}"]["httpOnly"] is False
    assert {each["sameSite"] for each in kept.values()} == {"Lax"}
    assert set(visit.cookies()) == {f"consent_state_{key}"}

    visit.open()
    accepted = visit.press("Accept all", within=visit.centre)
    visit.wait_for_scripts(*PANEL)
    visit.reload()
    visit.wait_for_scripts(*PANEL)
    visit.open()
    withdrawn = visit.press("Withdraw all")
    assert (visit.granted(), visit.marks()) == (set(), set())
    visitors = {each["consent"]["visitor"] for each in (refused, accepted, withdrawn)}
    assert len(visitors) == 1
    assert withdrawn["consent"]["type"] == "consent.withdrawn"


def test_in_path_mode_everything_is_one_origin(page: Page, embedded: Embedded) -> None:
    requests = record_requests(page)
    visit = Visit(page, "shop").go(embedded.path)
    visit.press("Accept all", within=visit.layer)
    visit.open()
    expect(visit.centre.locator("code")).to_be_visible()
    assert {urlsplit(each.url).netloc for each in requests} == {urlsplit(embedded.path).netloc}
    assert {each.method for each in requests} == {"GET", "POST"}
    assert {each["domain"] for each in cookies_of(page, "shop").values()} == {"shop.localhost"}


def test_in_subdomain_mode_the_cookies_are_the_whole_sites(page: Page, embedded: Embedded) -> None:
    visit = Visit(page, "studio").go(embedded.subdomain)
    visit.press("Accept all", within=visit.layer)
    assert {each["domain"] for each in cookies_of(page, "studio").values()} == {".studio.localhost"}
    sent = page.context.cookies(embedded.service)
    assert {each["name"] for each in sent} >= {"consent_studio", "consent_state_studio"}


def test_hosted_pages_work_behind_a_prefix(page: Page, embedded: Embedded) -> None:
    visit = Visit(page, "shop").go(embedded.path)
    visit.press("Accept all", within=visit.layer)
    visit.wait_for_scripts(*PANEL)
    base = f"{embedded.path}{PREFIX}/sites/shop"
    page.get_by_role("contentinfo").get_by_role("link", name="Privacy policy").click()
    page.wait_for_url(f"{base}/documents/privacy-policy*")
    assert is_styled(page)
    page.get_by_role("link", name="Documents", exact=True).click()
    page.wait_for_url(f"{base}/documents?*")
    assert is_styled(page)
    page.get_by_role("link", name="Terms of Sale").click()
    page.wait_for_url(f"{base}/documents/terms?*")
    page.get_by_role("link", name="Privacy choices").click()
    page.wait_for_url(f"{base}/preferences?*")
    assert is_styled(page)

    group = page.get_by_role("group", name="Measurement")
    expect(group.get_by_role("radio", name="Allow")).to_be_checked()
    group.get_by_role("radio", name="Refuse").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("status")).to_have_text("Your choice has been saved.")
    visit.go(embedded.path)
    visit.wait_for_scripts("functional", "marketing")


def is_styled(page: Page) -> bool:
    """Tell whether every style sheet of the page was loaded."""
    page.wait_for_load_state()
    count: int = page.evaluate(
        "[...document.styleSheets].reduce((sum, one) => sum + one.cssRules.length, 0)"
    )
    return count > 20


@pytest.mark.parametrize(("site", "key"), [("path", "shop"), ("subdomain", "studio")])
def test_the_preference_page_returns_and_erases(
    page: Page, embedded: Embedded, console: Console, site: str, key: str
) -> None:
    console.allow("401")
    visit = Visit(page, key).go(getattr(embedded, site))
    visit.press("Accept all", within=visit.layer)
    visit.open()
    visit.centre.locator(".identity .history").click()
    page.wait_for_url("**/preferences?*")
    page.get_by_role("heading", name="Erase my record").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase my record").click()
    page.get_by_role("link", name="Back to Linden & Oak").click()
    visit.layer.wait_for()
    assert visit.cookies() == {}
    assert [each for each in page.context.cookies() if "consent" in each["name"]] == []


def test_stored_choices_count_while_the_service_is_down(
    page: Page, embedded: Embedded, console: Console
) -> None:
    console.allow("ERR_FAILED")
    visit = Visit(page, "shop").go(f"{embedded.path}/?tag=static")
    visit.press("Accept all", within=visit.layer)
    page.context.route(f"{embedded.path}{PREFIX}/v1/**", lambda route: route.abort())
    visit.reload()
    visit.wait_for_scripts(*PANEL)
    page.context.clear_cookies()
    visit.reload()
    assert (visit.granted(), visit.ran()) == (set(), set())
    expect(visit.layer).to_have_count(0)


@pytest.fixture
def remembering(chromium: Browser) -> Iterator[Page]:
    """Give a page of a browser that keeps pages for going back, which the driver switches off."""
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(),
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    browser.close()


def test_a_page_that_comes_back_whole_follows_what_was_chosen_since(
    remembering: Page, embedded: Embedded
) -> None:
    visit = Visit(remembering, "shop").go(embedded.path)
    remembering.evaluate("window.left = true")
    visit.go(f"{embedded.path}/de.html")
    visit.press("Alle akzeptieren", within=visit.layer)
    remembering.go_back(wait_until="commit")
    visit.ready()
    assert remembering.evaluate("window.left") is True
    eventually(remembering, lambda: visit.ran() == set(PANEL))
    expect(visit.layer).to_have_count(0)
