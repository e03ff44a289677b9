"""Prometheus metrics. Labels are routes and statuses, never a path or an address."""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

_requests = Counter("consent_http_requests", "Requests answered", ["route", "status"])
_seconds = Histogram("consent_http_request_seconds", "Time to answer, in seconds", ["route"])


def install(app: Flask) -> None:
    """Count and time every request."""
    app.before_request(_begin)
    app.after_request(_count)


def view() -> Response:
    """Return the metrics of all processes of this machine."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.begun = time.perf_counter()


def _count(answer: Response) -> Response:
    route = request.endpoint or "none"
    _requests.labels(route, answer.status_code).inc()
    _seconds.labels(route).observe(time.perf_counter() - g.begun)
    return answer
