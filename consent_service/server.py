"""The web process: gunicorn with the configuration that the service ships.

Threads (gthread) serve requests; put a buffering proxy in front against slow clients. SQLite is
written by one web process, which batches; PostgreSQL takes as many as there are cores.
"""

import logging
import threading
from functools import partial
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from consent_service.application import build_app
from consent_service.bootstrap import build_services
from consent_service.http import logs
from consent_service.lifeline import follow_parent
from consent_service.notices.impressions import ImpressionService
from consent_service.settings import Settings, load_settings


class JsonLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own messages, through the service's JSON log; its access log stays off."""

    def setup(self, cfg: Any) -> None:
        """Hand every record to the root logger."""
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.access_log.disabled = True
        self.error_log.setLevel(logging.NOTSET)
        self.error_log.addFilter(_names_nobody)


class Counting:
    """The thread of a worker process that stores showings, until the worker drains."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, impressions: ImpressionService) -> None:
        """Start, in the process that serves."""
        run = partial(impressions.run, self._stop)
        self._thread = threading.Thread(target=run, name="impressions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, configured from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counting = Counting()
        super().__init__()

    def load_config(self) -> None:
        """Set what the service needs."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)
        self.cfg.set("worker_exit", lambda _server, _worker: self._counting.stop())

    def load(self) -> Flask:
        """Build the application, in the process that will serve it."""
        services = build_services(self._settings)
        services.warm()
        self._counting.start(services.impressions)
        return build_app(services)


def _names_nobody(record: logging.LogRecord) -> bool:
    """Drop gunicorn's warning about a broken request: it holds the address and the request."""
    return not str(record.msg).startswith("Invalid request from")


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's configuration."""
    return {
        "bind": [settings.bind],
        "workers": 1 if settings.on_sqlite else settings.workers,
        "worker_class": "gthread",
        "threads": settings.threads,
        "timeout": 60,
        "graceful_timeout": 30,
        "keepalive": 5,
        "control_socket_disable": True,
        "forwarder_headers": "",
        "http_parser": "python",
        "logger_class": JsonLogger,
        "child_exit": _forget_metrics,
    }


def _forget_metrics(_server: Arbiter, worker: Any) -> None:
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def main() -> None:
    """Serve until stopped."""
    settings = load_settings()
    logs.configure(settings.log_level)
    follow_parent()
    Server(settings).run()


if __name__ == "__main__":
    main()
