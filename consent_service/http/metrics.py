"""Prometheus metrics. Labels are routes and statuses, never a path or an address."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from consent_service.core.errors import UnavailableError

_requests = Counter("consent_http_requests", "Requests answered", ["route", "status"])
_seconds = Histogram("consent_http_request_seconds", "Time to answer, in seconds", ["route"])


def install(app: Flask) -> None:
    """Count and time every request."""
    app.before_request(_begin)
    app.after_request(_count)


@dataclass(frozen=True, slots=True)
class Measure:
    """A gauge that is read when somebody asks, as it is the same for all processes."""

    name: str
    description: str
    read: Callable[[], float]


class _Measures(Collector):
    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        for each in self._measures:
            # What cannot be read is left out, and the other metrics still answer.
            with suppress(UnavailableError):
                yield GaugeMetricFamily(each.name, each.description, value=each.read())


def view(measures: Iterable[Measure]) -> Response:
    """Return the metrics of all processes of this machine, and what is measured now."""
    counted: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    measured = CollectorRegistry()
    measured.register(_Measures(measures))
    text = generate_latest(counted) + generate_latest(measured)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _begin() -> None:
    g.begun = time.perf_counter()


def _count(answer: Response) -> Response:
    route = request.endpoint or "none"
    _requests.labels(route, answer.status_code).inc()
    _seconds.labels(route).observe(time.perf_counter() - g.begun)
    return answer
