"""What a visitor sees of the banner and does with it."""

import base64
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Request, Response

from tests.browser.conftest import TIMEOUT_MS

PANEL = {"functional": "_parley", "analytics": "_tally", "marketing": "_adverra"}


def eventually(page: Page, check: Callable[[], bool]) -> None:
    """Let the page go on until something holds."""
    until = time.monotonic() + TIMEOUT_MS / 1000
    while not check():
        assert time.monotonic() < until, "it never came true"
        page.wait_for_timeout(20)


def is_answer(response: Response) -> bool:
    """True for the service's answer to a choice."""
    return response.request.method == "POST" and response.url.endswith("/consents")


def record_requests(page: Page) -> list[Request]:
    """Collect the requests of the visitor from now on."""
    requests: list[Request] = []

    # The driver marks its listeners, which a method of a list does not let it do.
    def listen(request: Request) -> None:
        requests.append(request)

    page.context.on("request", listen)
    return requests


class Visit:
    """One tab on a page of a site that embeds the banner."""

    def __init__(self, page: Page, key: str) -> None:
        self.page = page
        self.key = key
        self.layer: Locator = page.locator("#cm-root .cm-layer")
        self.centre: Locator = page.locator("#cm-root dialog.centre")

    def go(self, address: str) -> "Visit":
        """Open a page and wait until the banner knows how the visitor stands."""
        self.page.goto(address)
        self.ready()
        return self

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def ready(self) -> None:
        eventually(self.page, lambda: bool(self.page.evaluate("!!window.siteConsent?.ready")))
        self.page.evaluate("siteConsent.ready")

    def open(self) -> Locator:
        self.page.evaluate("siteConsent.open()")
        self.centre.wait_for()
        return self.centre

    def press(self, name: str, *, within: Locator | None = None) -> dict[str, Any]:
        """Press a button that decides; return what the service answered."""
        surface = within or self.page.locator("#cm-root")
        with self.page.expect_response(is_answer) as waiting:
            surface.get_by_role("button", name=name, exact=True).click()
        answer: dict[str, Any] = waiting.value.json()
        assert waiting.value.status == 201, answer
        eventually(self.page, lambda: not self.kept())
        return answer

    def kept(self) -> list[dict[str, Any]]:
        """Return the answers that wait to be sent."""
        text = self.page.evaluate(f"localStorage.getItem('consent_queue_{self.key}')")
        return json.loads(text) if text else []

    def cookies(self) -> dict[str, str]:
        """Return the cookies that scripts of the page can read."""
        pairs = self.page.evaluate("document.cookie").split("; ")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    def token(self) -> dict[str, Any]:
        """Return what the state token says."""
        payload = self.cookies()[f"consent_state_{self.key}"].split(".")[0]
        decoded = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return dict(json.loads(decoded))

    def granted(self) -> set[str]:
        """Return the purposes that may be pursued now."""
        return {
            purpose for purpose in PANEL if self.page.evaluate(f"siteConsent.granted('{purpose}')")
        }

    def ran(self) -> set[str]:
        """Return the purposes whose scripts ran on this page."""
        return {
            purpose for purpose in PANEL if self.page.locator(f"#run-{purpose}.ran").count() == 1
        }

    def marks(self) -> set[str]:
        """Return the purposes whose scripts left their cookie."""
        return {purpose for purpose, name in PANEL.items() if name in self.cookies()}

    def wait_for_scripts(self, *purposes: str) -> None:
        eventually(self.page, lambda: self.ran() == set(purposes))


def post(address: str, origin: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post as a page of a website does; return the answer."""
    request = urllib.request.Request(
        address,
        json.dumps(body).encode(),
        {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))
