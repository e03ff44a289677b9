"""Two servers: the website with all peers, and a consent service with the site of the benchmark."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import brotli

from bench.banner import pages
from bench.servers import SERVE, command, free_port, running

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the website and the service answer, and which processes do."""

    website: str
    service: str
    pid: int

    def address(self, view: pages.View) -> str:
        """Return the address of a form of the page."""
        peer = view.peer.key if view.peer else ""
        hero = "1" if view.has_hero else ""
        query = f"dir={view.direction}&hero={hero}&policy={view.policy}"
        return f"{self.website}/article/{peer}?{query}"


@contextmanager
def everything(peers: list[pages.Peer]) -> Iterator[Place]:
    """Run both servers, each on an origin of its own."""
    port = free_port()
    website = f"http://localhost:{port}"
    with _service(website) as (service, pid):
        server = _Website(port, peers, service)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Place(website=website, service=service, pid=pid)
        finally:
            server.shutdown()
            server.server_close()


@contextmanager
def _service(website: str) -> Iterator[tuple[str, int]]:
    with tempfile.TemporaryDirectory(prefix="banner-bench-") as folder:
        address = f"http://127.0.0.1:{free_port()}"
        environment = {
            **os.environ,
            "CONSENT_DATA_DIR": str(Path(folder) / "data"),
            "CONSENT_BIND": urlsplit(address).netloc,
            "CONSENT_PUBLIC_URL": address,
            "CONSENT_LOG_LEVEL": "warning",
            "CONSENT_WORKERS": "1",
        }
        command(environment, "db", "upgrade")
        command(environment, "site", "apply", str(_site(Path(folder) / "site", website)))
        with running(SERVE, environment, address) as server:
            yield server.address, server.pid


def _site(folder: Path, website: str) -> Path:
    """Write the site's folder with the website as its origin."""
    shutil.copytree(pages.HERE / "site", folder)
    settings = folder / "site.yaml"
    settings.write_text(settings.read_text().replace("{page}", website))
    return folder


class _Website(ThreadingHTTPServer):
    """Answers with brotli, as a production server would."""

    daemon_threads = True

    def __init__(self, port: int, peers: list[pages.Peer], service: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service
        self.peers = {peer.key: peer for peer in peers}
        files = dict(each for peer in peers for each in pages.assets(peer))
        files["/article.css"] = (pages.HERE / "article.css").read_bytes()
        files["/icon.svg"] = ICON
        self.files = {path: brotli.compress(content) for path, content in files.items()}
        self.hero = pages.hero()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Website

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/article/"):
            self._page(path.removeprefix("/article/"))
        elif path == "/hero.png":
            self._send(200, ".png", self.server.hero)
        elif path in self.server.files:
            packed = {"Content-Encoding": "br"}
            self._send(200, Path(path).suffix, self.server.files[path], packed)
        else:
            self._send(404, ".html", b"")

    def _page(self, key: str) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        view = pages.View(
            peer=self.server.peers.get(key),
            direction=query.get("dir", "ltr"),
            has_hero="hero" in query,
            policy=query.get("policy", ""),
        )
        page = pages.render(view, self.server.service)
        headers = {"Content-Encoding": "br"}
        if view.policy:
            headers["Content-Security-Policy"] = pages.policy(view, page, self.server.service)
        self._send(200, ".html", brotli.compress(page.encode(), quality=5), headers)

    def _send(
        self, status: int, suffix: str, content: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", TYPES[suffix])
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
