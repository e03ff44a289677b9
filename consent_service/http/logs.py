"""JSON logs without personal data: routes instead of paths, no address, no user agent."""

import logging
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

_log = structlog.get_logger("consent_service.access")


def configure(level: str = "info") -> None:
    """Write every log record of the process to standard error, one JSON object a line."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the locals of each frame: they hold visitors, credentials, addresses.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)


def install(app: Flask) -> None:
    """Log every answer by its route."""
    app.after_request(_answered)


def _answered(answer: Response) -> Response:
    _log.info(
        "answered",
        route=request.endpoint or "none",
        status=answer.status_code,
        milliseconds=round((time.perf_counter() - g.begun) * 1000, 1),
    )
    return answer
