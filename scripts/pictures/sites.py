"""The websites that are photographed: the shop, embedded in each way, and as for America."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.browser.running import Running, run
from tests.browser.websites import PREFIX, Website, serving, write_site
from tests.ports import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A website's key, its origin, and where its pages find the service."""

    key: str
    origin: str
    base: str

    @property
    def tag(self) -> str:
        """The tag that embeds the banner."""
        return f'<script async src="{self.base}/v1/sites/{self.key}/consent-banner.js"></script>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """The websites, and the service behind them, which can be stopped."""

    external: Site
    path: Site
    subdomain: Site
    american: Site
    service: Running


@contextmanager
def open_street(folder: Path) -> Iterator[Street]:
    """Publish the sites and serve everything; data goes into a folder."""
    service_port, *ports = (free_port() for _ in range(5))
    hosts = ("www.shop", "www.workshop", "www.studio", "us.shop")
    shop, path, studio, american = (
        f"http://{host}.localhost:{port}" for host, port in zip(hosts, ports, strict=True)
    )
    elsewhere = f"http://consent.elsewhere.localhost:{service_port}"
    consent = f"http://consent.studio.localhost:{service_port}"
    external = {"mode": "external"}
    prefixed = {"mode": "path", "base_url": path + PREFIX}
    shared = {"mode": "subdomain", "base_url": consent, "cookie_domain": "studio.localhost"}
    sites = {
        "external": (Site(key="shop", origin=shop, base=elsewhere), external),
        "path": (Site(key="workshop", origin=path, base=path + PREFIX), prefixed),
        "subdomain": (Site(key="studio", origin=studio, base=consent), shared),
        "american": (Site(key="us", origin=american, base=elsewhere), external),
    }
    data = folder / "data"
    run(data, "db", "upgrade")
    for site, embed in sites.values():
        settings = {"profiles": ["us-opt-out"], "texts": {}} if site.key == "us" else {}
        _publish(data, folder / site.key, site, embed, settings)
    bind = f"127.0.0.1:{service_port}"
    service = Running(data, "serve", CONSENT_BIND=bind, CONSENT_PUBLIC_URL=f"http://{bind}")
    try:
        service.wait_for_page(f"http://{bind}/readyz")
        with ExitStack() as stack:
            for (site, _), port in zip(sites.values(), ports, strict=True):
                website = Website(key=site.key, base=site.base, service_port=service_port)
                stack.enter_context(serving(website, port))
            yield Street(service=service, **{name: site for name, (site, _) in sites.items()})
    finally:
        if service.process.poll() is None:
            service.stop()


def _publish(
    data: Path, folder: Path, site: Site, embed: dict[str, str], settings: dict[str, Any]
) -> None:
    file = write_site(folder, site.key, site.origin, embed) / "site.yaml"
    written = yaml.safe_load(file.read_text("utf-8")) | settings
    file.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    run(data, "site", "apply", str(folder))
