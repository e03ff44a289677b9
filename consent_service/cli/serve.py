"""`consent-service serve` and `consent-service worker`: the running service."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping

import click

from consent_service.cli.context import opened_services, require_schema, tell_errors
from consent_service.cli.supervisor import Child, supervise
from consent_service.core.errors import SettingsError
from consent_service.http import logs
from consent_service.lifeline import follow_parent
from consent_service.settings import Settings, load_settings
from consent_service.worker.loop import Worker


@click.command()
@click.option("--no-worker", is_flag=True, help="Start no worker: one runs elsewhere.")
@tell_errors
def serve(*, no_worker: bool) -> None:
    """Serve requests with gunicorn, and seal the log beside it.

    \b
    Examples:
      consent-service serve
      CONSENT_BIND=0.0.0.0:8080 CONSENT_PUBLIC_URL=https://consent.example.com consent-service serve
    """
    settings = load_settings()
    require_schema(settings)
    require_free_port(settings.bind, "CONSENT_BIND")
    sys.exit(supervise(children(settings, os.environ, with_worker=not no_worker)))


@click.command()
@tell_errors
def worker() -> None:
    """Seal the log and remove what is past its time, until stopped. Any number may run.

    \b
    Example:
      consent-service worker
    """
    settings = load_settings()
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow_parent()
    with opened_services(settings, seals=True) as services:
        Worker(
            ledger=services.ledger,
            attesting=services.attesting,
            expiry=services.expiry,
            erasure=services.erasure,
            keeping=services.keeping,
            retention=services.retention,
            stop=stop,
        ).run()


def children(
    settings: Settings, environment: Mapping[str, str], *, with_worker: bool
) -> list[Child]:
    """Return the processes that make up the running service."""
    metrics = settings.run_dir / "metrics"
    web = Child(
        name="web",
        command=(sys.executable, "-m", "consent_service.server"),
        environment={**environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
        fresh_folder=metrics,
    )
    sealing = Child(
        name="worker",
        command=(sys.executable, "-m", "consent_service", "worker"),
        environment=environment,
        restart=True,
    )
    return [web, sealing] if with_worker else [web]


def require_free_port(bind: str, setting: str) -> None:
    """Check that nothing listens there.

    Raises:
        SettingsError: something does, or the address is not this machine's.
    """
    host, _, port = bind.rpartition(":")
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), int(port)))
    except OSError as error:
        raise SettingsError(
            f"{bind} cannot be used ({error.strerror}): stop what listens there, or set {setting}"
        ) from error
