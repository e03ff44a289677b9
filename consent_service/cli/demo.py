"""`consent-service demo`: the service and two example websites that embed it."""

import os
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from consent_service.bootstrap import build_migrations
from consent_service.cli.context import opened_services, tell_errors
from consent_service.cli.serve import children, require_free_port
from consent_service.cli.supervisor import supervise
from consent_service.core.errors import SettingsError
from consent_service.publishing.folder import read_folder
from consent_service.resources import bundled
from consent_service.settings import Settings, load_settings

_WRITTEN_ADDRESS = "http://127.0.0.1:8000"
_WRITTEN_ORIGIN = "http://localhost:{port}"
_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """An example website: the site's key, and the port its pages are on."""

    key: str
    port: int

    @property
    def origin(self) -> str:
        """Its own origin, another host name than the service's."""
        return _WRITTEN_ORIGIN.format(port=self.port)


@click.command()
@click.option("--port", type=click.IntRange(1, 65533), default=8000, show_default=True)
@tell_errors
def demo(port: int) -> None:
    """Publish the example sites and serve them with the service, on three ports from --port on.

    \b
    Example:
      consent-service demo --port 9000
    """
    environment = {
        "CONSENT_LOG_LEVEL": "warning",
        **os.environ,
        "CONSENT_BIND": f"127.0.0.1:{port}",
        "CONSENT_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    settings = load_settings(environment)
    websites = (Website(key="news", port=port + 1), Website(key="shop", port=port + 2))
    for number in (port, *(website.port for website in websites)):
        require_free_port(f"127.0.0.1:{number}", "another port: make run PORT=9000")
    _publish(settings, websites)
    for website in websites:
        _serve_pages(website, settings.public_url)
    ready = partial(_tell_when_ready, settings, websites)
    sys.exit(supervise(children(settings, environment, with_worker=True), ready))


def _publish(settings: Settings, websites: tuple[Website, ...]) -> None:
    build_migrations(settings).upgrade()
    with opened_services(settings) as services:
        for website in websites:
            source = read_folder(bundled("examples") / website.key)
            # Another demo on the same data may run on other ports: it keeps its origin.
            known = [o for s in services.sites.list() if s.key == website.key for o in s.origins]
            origins = tuple(dict.fromkeys([*known, website.origin]))
            services.publishing.apply(replace(source, origins=origins))


def _serve_pages(website: Website, service: str) -> None:
    folder = bundled("examples") / website.key / "www"
    handler = partial(_Pages, directory=str(folder), service=service)
    server = ThreadingHTTPServer(("127.0.0.1", website.port), handler)
    threading.Thread(target=server.serve_forever, name=website.key, daemon=True).start()


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
        html = page.read_text("utf-8").replace(_WRITTEN_ADDRESS, self._service).encode()
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


def _tell_when_ready(settings: Settings, websites: tuple[Website, ...]) -> None:
    _wait_for(f"{settings.public_url}/readyz")
    news, shop = websites
    data = settings.data_dir
    command = f"CONSENT_DATA_DIR={data} {Path(sys.executable).with_name('consent-service')}"
    click.echo(
        f"""
  The service       {settings.public_url}/docs
  A news website    {news.origin}   one notice, one button
  A shop            {shop.origin}   opt-in in English, German, Arabic

  Try this
    1. Open the news website and press Accept. Reload: it asks no more.
    2. Open the shop, refuse, then choose by "Privacy choices" at the foot of the page,
       then withdraw; watch what runs in the panel on the page.
    3. See what is on record, from another terminal:
         {command} export --site shop --format csv
    4. Read a policy and its versions: {settings.public_url}/sites/shop/documents

  Data is in {data}. Ctrl-C ends everything.
"""
    )


def _wait_for(address: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SettingsError(f"the service did not become ready at {address}")
