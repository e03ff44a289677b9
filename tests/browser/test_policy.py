"""Every page has a strict policy and keeps to it: a violation fails the test by `console`."""

from playwright.sync_api import Page

from tests.browser.running import Demo
from tests.browser.visits import Visit

WEBSITES = ("news/", "news/article.html", "shop/", "shop/de.html", "shop/ar.html")
HOSTED = (
    "/docs",
    "/sites/news/documents",
    "/sites/shop/documents/terms?lang=ar",
    "/sites/shop/documents/privacy-policy/1?lang=de",
    "/sites/shop/preferences",
)


def policy_of(page: Page, address: str) -> str:
    answer = page.goto(address)
    assert answer
    assert answer.status == 200
    return answer.headers["content-security-policy"]


def test_websites_need_the_services_origin_only(page: Page, demo: Demo) -> None:
    for site, path in (each.split("/", 1) for each in WEBSITES):
        policy = policy_of(page, f"{getattr(demo, site)}/{path}")
        assert policy == (
            f"default-src 'self'; script-src 'self' {demo.service}; connect-src {demo.service}"
        )
        visit = Visit(page, site)
        visit.ready()
        visit.open()
        page.keyboard.press("Escape")


def test_hosted_pages_run_no_script(page: Page, demo: Demo) -> None:
    for path in HOSTED:
        policy = policy_of(page, demo.service + path)
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        page.wait_for_load_state("networkidle")
