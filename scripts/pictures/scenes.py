"""What is photographed: each scene visits a website as somebody would, and returns its shots."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route

from scripts.pictures.sheet import Shot
from scripts.pictures.sites import Site, Street
from tests.browser.conftest import prepare
from tests.browser.visits import Visit

SCREEN, WINDOW, PHONE = (1280, 800), (1000, 640), (390, 760)
SIGNAL = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
VIOLATIONS = """
window.violations = 0;
document.addEventListener("securitypolicyviolation", () => { violations += 1; });
"""
STRICT = "default-src 'self'; script-src {0}; connect-src {0}; require-trusted-types-for 'script'"
WRITTEN = """<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>
<meta name=viewport content="width=device-width"><link rel=icon href="/leaf.svg">
<link rel=stylesheet href="/style.css">{tag}
<main class="hero"><div class="wrap"><div><h1>{title}</h1><p>{text}</p></div></div></main>"""

Scene = Callable[[Browser, Street], list[Shot]]


@contextmanager
def opened(browser: Browser, size: tuple[int, int], **options: Any) -> Iterator[Page]:
    """Open a page of a browser that has not been anywhere."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", locale="en", **options
    )
    prepare(context)
    yield context.new_page()
    context.close()


def shoot(page: Page, height: int = 0, **more: Any) -> Shot:
    """Photograph what a window shows, at its own height where none is given."""
    page.evaluate("document.fonts.ready")
    size = page.viewport_size or {"height": 0}
    return Shot(
        image=page.screenshot(animations="disabled"), height=height or size["height"], **more
    )


def write(page: Page, site: Site, title: str, text: str, policy: str = "") -> str:
    """Put a page of few words at a site; return its address."""
    address = f"{site.origin}/page"
    headers = {"Content-Type": "text/html"} | (
        {"Content-Security-Policy": policy} if policy else {}
    )
    body = WRITTEN.format(tag=site.tag, title=title, text=text)

    def answer(route: Route) -> None:
        route.fulfill(body=body, headers=headers)

    page.context.route(address, answer)
    return address


def asked(page: Page, site: Site, path: str = "/") -> Visit:
    """Visit a page, up to the banner's question."""
    visit = Visit(page, site.key).go(site.origin + path)
    visit.layer.wait_for()
    return visit


def banner(browser: Browser, street: Street) -> list[Shot]:
    """Show the first layer on a screen and on a phone."""
    shots = []
    for size in (SCREEN, (390, 844)):
        with opened(browser, size) as page:
            asked(page, street.external)
            shots.append(shoot(page, 620))
    return shots


def phone(browser: Browser, street: Street, path: str = "/") -> list[Shot]:
    """Show both layers on a phone."""
    with opened(browser, PHONE) as page:
        visit = asked(page, street.external, path)
        first = shoot(page, 620)
        visit.open()
        return [first, shoot(page, 620)]


def arabic(browser: Browser, street: Street) -> list[Shot]:
    """Show the same from right to left."""
    return phone(browser, street, "/ar.html")


def preferences(browser: Browser, street: Street) -> list[Shot]:
    """Show the preferences, with the services of a purpose unfolded."""
    with opened(browser, (1000, 800)) as page:
        asked(page, street.external).open()
        page.locator(".purpose details summary").nth(2).click()
        page.locator(".purpose").nth(2).scroll_into_view_if_needed()
        return [shoot(page, 720)]


def placeholder(browser: Browser, street: Street) -> list[Shot]:
    """Show what stands in for an iframe that waits, and the iframe once it is loaded."""
    with opened(browser, (620, 560)) as page:
        visit = asked(page, street.external)
        visit.press("Refuse all", within=visit.layer)
        once = page.locator(".cm-frame").get_by_role("button", name="Load once")
        once.wait_for()
        page.evaluate("scrollTo(0, document.querySelector('#workshop').offsetTop)")
        waiting = shoot(page)
        once.click()
        page.frame_locator(".chat").get_by_text("Five weeks").wait_for()
        return [waiting, shoot(page)]


def optout(browser: Browser, street: Street) -> list[Shot]:
    """Show a notice under which visitors opt out: before, afterwards, and with a signal."""
    site = street.american
    words = "Chairs and tables", "Everything on this page was made by hand."
    with opened(browser, (390, 640)) as page:
        address = write(page, site, *words)
        visit = Visit(page, site.key).go(address)
        visit.layer.wait_for()
        shots = [shoot(page, 560)]
        visit.press("Opt out of all")
        page.locator(".cm-reopen").wait_for()
        shots.append(shoot(page, 560))
    with opened(browser, (390, 640)) as page:
        page.add_init_script(SIGNAL)
        Visit(page, site.key).go(write(page, site, *words)).open()
        return [*shots, shoot(page, 560)]


def strict(browser: Browser, street: Street) -> list[Shot]:
    """Show the banner on a page with a strict policy, and count what the policy had to stop."""
    site = street.external
    policy = STRICT.format(f"'self' {site.base}")
    with opened(browser, WINDOW) as page:
        page.add_init_script(VIOLATIONS)
        title = "A page with a strict policy"
        visit = Visit(page, site.key).go(write(page, site, title, "It needs no exception.", policy))
        visit.layer.wait_for()
        shot = page.screenshot()
        visit.open()
        visit.press("Save my choice")
        count = page.evaluate("violations")
        notes = (_plain(policy), f"Violations, preferences and a choice included: {count}")
        return [Shot(image=shot, height=560, notes=notes)]


def way(name: str) -> Scene:
    """Return the scene of a way to embed, with what the browser says about it."""

    def scene(browser: Browser, street: Street) -> list[Shot]:
        site: Site = getattr(street, name)
        with opened(browser, WINDOW) as page:
            hosts: dict[str, None] = {}
            page.on("request", lambda request: hosts.setdefault(_host(request.url)))
            visit = asked(page, site)
            shot = page.screenshot()
            visit.press("Refuse all")
            cookies = [_cookie(one) for one in page.context.cookies() if site.key in one["name"]]
            notes = (f"Hosts that were asked: {', '.join(hosts)}", *cookies)
        return [Shot(image=shot, height=480, address=f"{_host(site.origin)}/", notes=notes)]

    return scene


def stopped(browser: Browser, street: Street) -> list[Shot]:
    """Show what a returning visitor meets after the service has stopped, which it stays."""
    site = street.external
    with opened(browser, (900, 640)) as page:
        visit = asked(page, site)
        page.evaluate("siteConsent.choose({functional: false, analytics: true, marketing: false})")
        visit.wait_for_scripts("analytics")
        street.service.stop()
        visit.go(f"{site.origin}/")
        visit.wait_for_scripts("analytics")
        page.locator(".runs").scroll_into_view_if_needed()
        back = shoot(page, 520, notes=("Who comes back is not asked, and what they allowed runs.",))
        page.locator(".runs [data-consent-open]").click()
        visit.layer.wait_for()
        note = "The preferences cannot be loaded: this says how things are, and withdraws."
        return [back, shoot(page, 520, notes=(note,))]


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _plain(policy: str) -> str:
    """Return a policy without ports, which are others each time."""
    return re.sub(r":\d+", "", policy)


def _cookie(cookie: Mapping[str, Any]) -> str:
    kept = "HttpOnly, out of reach of scripts" if cookie["httpOnly"] else "readable"
    return f"Cookie {cookie['name']} for {cookie['domain']}: {kept}"


SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        "banner": banner,
        "pictures/phone": phone,
        "pictures/arabic": arabic,
        "pictures/preferences": preferences,
        "pictures/placeholder": placeholder,
        "pictures/optout": optout,
        "pictures/strict": strict,
        "pictures/path": way("path"),
        "pictures/subdomain": way("subdomain"),
        "pictures/external": way("external"),
        "pictures/stopped": stopped,
    }
)
"""By the name of the picture, in the order in which they are taken."""
