"""Pages that a test writes itself, at an origin that the site allows."""

from dataclasses import dataclass

from playwright.sync_api import Page, Route

from tests.browser.published import Published
from tests.browser.running import Demo
from tests.browser.visits import Visit

TEXT = "<main><h1>Notes</h1><p>Some words about wood.</p><a href=#more>More</a></main>"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A site, and where its pages find the service."""

    key: str
    origin: str
    service: str

    @property
    def tag(self) -> str:
        return f'<script async src="{self.service}/v1/sites/{self.key}/consent-banner.js"></script>'

    @property
    def static_tag(self) -> str:
        address = f"{self.service}/static/consent-banner.js"
        return f'<script async src="{address}" data-site="{self.key}"></script>'

    @property
    def address(self) -> str:
        return f"{self.origin}/written"


def shop_of(demo: Demo) -> Embedded:
    return Embedded("shop", demo.shop, demo.service)


def embedded(site: Published, demo: Demo) -> Embedded:
    return Embedded(site.key, site.origin, demo.service)


def write(
    page: Page, site: Embedded, body: str = TEXT, *, head: str = "", tag: str = "", policy: str = ""
) -> Visit:
    """Put a page at the site's address, with a policy where one is given; do not open it yet."""
    html = f"""<!doctype html><html lang=en><meta charset=utf-8><title>Written</title>
<meta name=viewport content="width=device-width"><link rel=icon href="/leaf.svg">
{head}{tag or site.tag}<body>{body}</body></html>"""
    headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}

    def answer(route: Route) -> None:
        route.fulfill(body=html, headers={k: v for k, v in headers.items() if v})

    page.context.route(site.address, answer)
    return Visit(page, site.key)


def show(
    page: Page, site: Embedded, body: str = TEXT, *, head: str = "", tag: str = "", policy: str = ""
) -> Visit:
    """Write a page, and open it."""
    return write(page, site, body, head=head, tag=tag, policy=policy).go(site.address)
