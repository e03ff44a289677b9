"""A visitor of one banner, on a desktop and at full speed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.banner.pages import Peer, View, script
from bench.banner.servers import Place
from tests.browser.conftest import ARGUMENTS, chromium_path

DESKTOP = {"width": 1280, "height": 800}
QUIET_MS = 150
PATIENCE_MS = 15_000
BLOCKED_MS = 3_000
"""After this time what a policy blocks is taken not to come."""
PRESSES = 3


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Opens pages with one banner, each in a context of its own."""

    def __init__(self, browser: Browser, place: Place, peer: Peer) -> None:
        self.peer = peer
        self._browser = browser
        self._place = place

    @contextmanager
    def context(self, **options: Any) -> Iterator[BrowserContext]:
        context = self._browser.new_context(**{"viewport": DESKTOP, "locale": "en", **options})
        context.set_default_timeout(PATIENCE_MS)
        for name in ("probe.js", "look.js"):
            context.add_init_script(script(name, self.peer, QUIET_MS))
        try:
            yield context
        finally:
            context.close()

    def open(self, context: BrowserContext, *, direction: str = "ltr", policy: str = "") -> Page:
        """Open the page and wait until the banner stands."""
        page = context.new_page()
        view = View(peer=self.peer, direction=direction, policy=policy)
        with page.expect_console_message(lambda message: message.text == "bench: quiet"):
            page.goto(self._place.address(view))
        return page

    @contextmanager
    def page(self, *, direction: str = "ltr", policy: str = "", **options: Any) -> Iterator[Page]:
        with self.context(**options) as context:
            yield self.open(context, direction=direction, policy=policy)

    def ask(self, page: Page, question: str) -> Any:
        """Ask the script that looks at the page."""
        return page.evaluate(f"benchLook.{question}")

    def focuses(self, page: Page, selector: str) -> bool:
        return bool(page.evaluate("(one) => benchLook.isFocused(one)", selector))

    def open_preferences(self, page: Page) -> None:
        """Open them by Enter; again where the banner did not listen yet.

        Raises:
            PlaywrightError: they do not open.
        """
        preferences = page.locator(self.peer.preferences).first
        for _ in range(PRESSES):
            page.locator(self.peer.choose).first.focus()
            page.keyboard.press("Enter")
            with suppress(PlaywrightError):
                preferences.wait_for(timeout=BLOCKED_MS / PRESSES)
                break
        preferences.wait_for(timeout=BLOCKED_MS / PRESSES)
        page.wait_for_timeout(400)
