"""Sites beside the examples, published into the running demo, with websites of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from playwright.sync_api import Page

from tests.browser.running import Demo, run
from tests.browser.visits import Visit
from tests.browser.websites import Website, serving, write_site
from tests.ports import free_port

SIGNAL = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
VIDEO = {
    "key": "video",
    "legal_basis": "consent",
    "sale_or_sharing": False,
    "data_categories": [
        {"en": "Your network address", "de": "Ihre Netzadresse", "ar": "عنوانك على الشبكة"}
    ],
    "recipients": [{"en": "Reel Ltd, Cork", "de": "Reel Ltd, Cork", "ar": "شركة ريل، كورك"}],
    "storage": {"location": ["IE"], "retention": "30 days"},
    "name": {"en": "Videos", "de": "Filme", "ar": "مقاطع مرئية"},
    "description": {
        "en": "Plays films about the workshop.",
        "de": "Zeigt Filme aus der Werkstatt.",
        "ar": "تعرض مقاطع من الورشة.",
    },
}


class Published:
    """A site of the shop's kind, and the pages of its website."""

    def __init__(self, demo: Demo, folder: Path, key: str, origin: str) -> None:
        self._demo = demo
        self._folder = write_site(folder / key, key, origin, {"mode": "external"})
        self.key = key
        self.origin = origin

    def settings(self) -> dict[str, Any]:
        """Read what its folder says."""
        return dict(yaml.safe_load((self._folder / "site.yaml").read_text("utf-8")))

    def change(self, **settings: Any) -> None:
        """Change settings of its folder, and publish that."""
        written = yaml.safe_dump({**self.settings(), **settings}, allow_unicode=True)
        (self._folder / "site.yaml").write_text(written, "utf-8")
        self.publish()

    def add_purpose(self, purpose: Mapping[str, Any]) -> None:
        self.change(purposes=[*self.settings()["purposes"], dict(purpose)])

    def edit(self, document: str, old: str, new: str) -> None:
        """Change a document in each of its locales."""
        for file in self._folder.glob(f"{document}.*.md"):
            file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")

    def publish(self) -> None:
        run(self._demo.data, "site", "apply", str(self._folder))

    def export(self) -> list[dict[str, Any]]:
        """Return the events of all visitors as an officer gets them, oldest first."""
        return self._demo.export(self.key)

    def visit(self, page: Page, path: str = "/") -> Visit:
        """Open a page of the website."""
        # Any route switches off the browser's cache, which keeps notices for a while.
        page.route("**/nowhere", lambda route: route.abort())
        return Visit(page, self.key).go(self.origin + path)


def published(demo: Demo, folder: Path, key: str, *, more: str = "", **settings: Any) -> Published:
    """Publish a site with changed settings and serve its website; `more` is added to its pages."""
    port = free_port()
    service_port = urlsplit(demo.service).port or 0
    website = Website(key=key, base=demo.service, service_port=service_port, more=more)
    site = Published(demo, folder, key, f"http://{key}.localhost:{port}")
    site.change(**settings)
    # Pages may still load something when a test ends, so the website outlives the test.
    demo.beside.enter_context(serving(website, port))
    return site
