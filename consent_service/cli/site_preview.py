"""`consent-service site preview`: a folder's banner and documents, apart from all real data."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import click

from consent_service.bootstrap import Services, build_migrations
from consent_service.cli.context import opened_services, tell_errors
from consent_service.cli.serve import children, require_free_port
from consent_service.cli.supervisor import supervise
from consent_service.cli.websites import serve_pages, wait_for
from consent_service.publishing.folder import read_folder
from consent_service.publishing.model import SiteSource
from consent_service.publishing.plan import Plan
from consent_service.publishing.planning import Planner
from consent_service.publishing.service import PublishingService
from consent_service.settings import load_settings
from consent_service.sites.model import Embed, Manager


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--port", type=click.IntRange(1, 65534), default=8090, show_default=True)
@tell_errors
def preview(folder: Path, port: int) -> None:
    """Show a folder's banner and documents in a browser, on two ports from --port on.

    Everything is in a temporary directory that goes when the preview ends; the linter is not
    asked, and no database of yours is touched.

    \b
    Example:
      consent-service site preview my-site
    """
    source = read_folder(folder)
    for number in (port, port + 1):
        require_free_port(f"127.0.0.1:{number}", "another --port")
    with TemporaryDirectory(prefix="consent-preview-") as temporary:
        sys.exit(_run(source, Path(temporary), port))


def _run(source: SiteSource, temporary: Path, port: int) -> int:
    environment = _environment(os.environ, temporary, port)
    settings = load_settings(environment)
    origin = f"http://localhost:{port + 1}"
    build_migrations(settings).upgrade()
    with opened_services(settings) as services:
        plan = _publish(services, source, origin)
    for warning in plan.warnings:
        click.secho(warning, fg="yellow", err=True)
    website = temporary / "website"
    _write_website(website, plan, settings.public_url)
    serve_pages(website, port + 1, settings.public_url)
    ready = partial(_tell_when_ready, settings.public_url, origin, plan)
    return supervise(children(settings, environment, with_worker=False), ready)


def _environment(own: Mapping[str, str], temporary: Path, port: int) -> dict[str, str]:
    """Return the environment without any setting of the real service."""
    kept = {name: value for name, value in own.items() if not name.startswith("CONSENT_")}
    return kept | {
        "CONSENT_LOG_LEVEL": "warning",
        "CONSENT_DATA_DIR": str(temporary / "data"),
        "CONSENT_BIND": f"127.0.0.1:{port}",
        "CONSENT_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def _publish(services: Services, source: SiteSource, origin: str) -> Plan:
    """Publish the source for the preview's own page, whatever the linter holds of it."""
    planner = Planner(
        clock=services.clock, ids=services.ids, log_name=services.log_name, lint=lambda _: []
    )
    shown = replace(
        source,
        managed_by=Manager.FOLDER,
        origins=(origin,),
        embed=Embed(mode="external"),
        waivers=(),
    )
    return PublishingService(services.db, planner).apply(shown)


def _write_website(folder: Path, plan: Plan, service: str) -> None:
    """Write a page for each locale; the first is the one that is opened."""
    folder.mkdir()
    shipped = files("consent_service.cli") / "preview"
    page = Template((shipped / "page.html").read_text("utf-8"))
    (folder / "style.css").write_bytes((shipped / "style.css").read_bytes())
    site = plan.site
    for locale in site.locales:
        documents = [
            _link(
                f"{service}/sites/{site.key}/documents/{kind}?lang={locale}",
                versions[-1].title(locale),
            )
            for kind, versions in plan.versions.items()
        ]
        html = page.substitute(
            key=site.key,
            locale=locale,
            service=service,
            name=escape(site.name),
            locales="".join(_link(f"{each}.html", each) for each in site.locales),
            documents="".join(documents),
        )
        (folder / f"{locale}.html").write_text(html, "utf-8")
    shutil.copyfile(folder / f"{site.default_locale}.html", folder / "index.html")


def _link(target: str, text: str) -> str:
    return f'<li><a href="{escape(target)}" dir="auto">{escape(text)}</a></li>'


def _tell_when_ready(service: str, origin: str, plan: Plan) -> None:
    wait_for(f"{service}/readyz")
    click.echo(f"\n  The banner      {origin}")
    for kind in plan.versions:
        click.echo(f"  {kind:<14}  {service}/sites/{plan.site.key}/documents/{kind}")
    click.echo("\n  Nothing of this is kept. Ctrl-C ends the preview.")
