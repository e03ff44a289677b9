"""Websites that embed the banner, served beside the service by a thread of the command."""

import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from consent_service.core.errors import SettingsError

WRITTEN_ADDRESS = "http://127.0.0.1:8000"
"""Where pages in a folder say that the service is."""
_READY_SECONDS = 30.0


def serve_pages(folder: Path, port: int, service: str) -> None:
    """Serve a folder on a port until the process ends; `service` is where the service answers."""
    handler = partial(_Pages, directory=str(folder), service=service)
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, name=f"pages-{port}", daemon=True).start()


def wait_for(address: str) -> None:
    """Wait until an address answers.

    Raises:
        SettingsError: it did not within half a minute.
    """
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SettingsError(f"the service did not become ready at {address}")


class _Pages(SimpleHTTPRequestHandler):
    """Serves a folder under a strict policy, with the service's real address in its pages."""

    def __init__(self, *args: Any, service: str, **kwargs: Any) -> None:
        self._service = service
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Serve a page, or a file beside it."""
        path = Path(self.translate_path(self.path))
        page = path / "index.html" if path.is_dir() else path
        if page.suffix != ".html" or not page.is_file():
            super().do_GET()
            return
        html = page.read_text("utf-8").replace(WRITTEN_ADDRESS, self._service).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(html)))
        self.end_headers()
        self.wfile.write(html)

    def end_headers(self) -> None:
        """Add the policy that a careful website has."""
        service = self._service
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' {service}; connect-src {service}",
        )
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay quiet: the terminal is for the service."""
