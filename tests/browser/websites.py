"""Websites that embed the banner from their own origin's path, or from a subdomain."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from consent_service.resources import bundled

PREFIX = "/_consent"
WRITTEN = "http://127.0.0.1:8000"
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "server", "date"}


@dataclass(frozen=True, slots=True)
class Website:
    """The shop's pages under another site key; `base` is where its pages find the service.

    `more` is markup that each page shows at its end, `head` what stands before all else in its
    head, and `allowed` what its policy allows such scripts by.
    """

    key: str
    base: str
    service_port: int
    more: str = ""
    head: str = ""
    allowed: str = ""

    def html(self, written: str, tag: str) -> str:
        """Return a page with the addresses of this website; `tag` chooses the form of the tag."""
        page = written.replace(WRITTEN, self.base).replace("/sites/shop/", f"/sites/{self.key}/")
        if tag == "static":
            inlined = f"/v1/sites/{self.key}/consent-banner.js"
            page = page.replace(inlined, f'/static/consent-banner.js" data-site="{self.key}')
        page = page.replace("<head>", f"<head>{self.head}", 1)
        return page.replace("</main>", f"{self.more}</main>")

    @property
    def policy(self) -> str:
        """The policy of a careful website."""
        parts = urlsplit(self.base)
        origin = f"{parts.scheme}://{parts.netloc}"
        scripts = f"'self' {origin} {self.allowed}".rstrip()
        return f"default-src 'self'; script-src {scripts}; connect-src {origin}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A browser opens many connections at once; the base's backlog holds five.
    request_queue_size = 128


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, site: Website, **kwargs: Any) -> None:
        self._site = site
        super().__init__(*args, directory=str(bundled("examples") / "shop" / "www"), **kwargs)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        page = Path(self.translate_path("/index.html" if parts.path == "/" else parts.path))
        if parts.path.startswith(PREFIX + "/"):
            self._forward()
        elif page.suffix == ".html":
            tag = parse_qs(parts.query).get("tag", [""])[0]
            body = self._site.html(page.read_text("utf-8"), tag).encode()
            headers = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": self._site.policy,
            }
            self._send(200, list(headers.items()), body)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self._forward()

    def do_DELETE(self) -> None:
        self._forward()

    def _forward(self) -> None:
        """Pass a request on without the prefix, and with the Host that the browser asked for."""
        connection = http.client.HTTPConnection("127.0.0.1", self._site.service_port, timeout=30)
        length = int(self.headers.get("Content-Length", 0))
        kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
        path = self.path.removeprefix(PREFIX)
        connection.request(self.command, path, self.rfile.read(length), kept)
        answer = connection.getresponse()
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
        self._send(answer.status, headers, answer.read())
        connection.close()

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serving(website: Website, port: int) -> Iterator[None]:
    """Serve a website on a port of this machine."""
    with _Server(("127.0.0.1", port), partial(_Handler, site=website)) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def write_site(folder: Path, key: str, origin: str, embed: dict[str, str]) -> Path:
    """Write the shop's folder anew for another key, origin and way of embedding."""
    source = bundled("examples") / "shop"
    folder.mkdir(parents=True)
    for document in source.glob("*.md"):
        (folder / document.name).write_text(document.read_text("utf-8"), "utf-8")
    settings = yaml.safe_load((source / "site.yaml").read_text("utf-8"))
    settings |= {"key": key, "origins": [origin], "embed": embed}
    (folder / "site.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    return folder
