"""`consent-service demo`: the service and two example websites that embed it."""

import os
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from consent_service.bootstrap import build_migrations
from consent_service.cli.context import opened_services, tell_errors
from consent_service.cli.serve import children, require_free_port
from consent_service.cli.supervisor import supervise
from consent_service.cli.websites import serve_pages, wait_for
from consent_service.publishing.folder import read_folder
from consent_service.resources import bundled
from consent_service.settings import Settings, load_settings

_WRITTEN_ORIGIN = "http://localhost:{port}"


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
        serve_pages(bundled("examples") / website.key / "www", website.port, settings.public_url)
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


def _tell_when_ready(settings: Settings, websites: tuple[Website, ...]) -> None:
    wait_for(f"{settings.public_url}/readyz")
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
