"""Health: is the process alive, can it serve, and does what goes on beside it keep up."""

from collections.abc import Callable, Mapping, Sequence

from flask import Response, jsonify

from consent_service.core.errors import ServiceError
from consent_service.http import metrics
from consent_service.http.routes import Access, Answer, Route

Check = Callable[[], None]
Duty = Callable[[], str | None]
"""Answers what is behind, or None where nothing is."""


class HealthApi:
    """Answers the operator's probes. A check raises a `ServiceError` where it does not hold."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        duties: Mapping[str, Duty],
        measures: Sequence[metrics.Measure],
    ) -> None:
        self._checks = checks
        self._duties = duties
        self._measures = measures

    def routes(self) -> list[Route]:
        """Return the operator's routes."""
        ok = Answer(status=200, description="It is well", media=("application/json",))
        text = Answer(status=200, description="Metrics", media=("text/plain",))
        return [
            _route("/healthz", self.alive, "Is the process alive", ok),
            _route("/readyz", self.ready, "Can it serve: database, schema, keys", ok),
            _route("/metrics", self.metrics, "Metrics for Prometheus", text),
        ]

    def alive(self) -> Response:
        """Answer that the process runs; asks nothing else."""
        return jsonify(status="ok")

    def metrics(self) -> Response:
        """Return what is counted and measured."""
        return metrics.view(self._measures)

    def ready(self) -> Response:
        """Run every check and name those that fail; name the duties that are behind.

        A duty that is behind is no reason to send requests elsewhere: they would be no better off.
        """
        failed = {name: why for name, check in self._checks.items() if (why := _failure(check))}
        behind = {} if failed else {n: why for n, duty in self._duties.items() if (why := duty())}
        status = "failing" if failed else "degraded" if behind else "ok"
        answer = jsonify(status=status, failed=failed, behind=behind)
        answer.status_code = 503 if failed else 200
        return answer


def _failure(check: Check) -> str | None:
    try:
        check()
    except ServiceError as error:
        return error.title
    return None


def _route(path: str, view: Callable[[], Response], summary: str, answer: Answer) -> Route:
    return Route(
        method="GET",
        path=path,
        view=view,
        access=Access.OPERATOR,
        tag="Operation",
        summary=summary,
        answers=(answer,),
    )
