"""Exports for programs."""

from typing import Any

from flask import Response, request

from consent_service.exports.model import Filter, Format
from consent_service.exports.schemas import ExportQuery
from consent_service.exports.service import ExportService
from consent_service.http.body import load
from consent_service.http.routes import Answer, Route
from consent_service.sites.routing import SITE, managed
from consent_service.sites.service import SiteService

_query = ExportQuery()
_MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.JSONL: "application/jsonl"}


class ExportApi:
    """Streams exports."""

    def __init__(self, exports: ExportService, sites: SiteService) -> None:
        self._exports = exports
        self._sites = sites

    def export(self, key: str) -> Response:
        """Stream a site's events in the order of the log."""
        site = self._sites.get(key)
        query = load(_query, request.args.to_dict())
        export = self._exports.begin(site, query["form"], filter_of(query), query.get("resume"))
        chunks = (text.encode() for text, _ in self._exports.stream(export))
        answer = Response(chunks, content_type=_MEDIA[export.form])
        answer.headers["Content-Disposition"] = f'attachment; filename="{key}.{export.form}"'
        answer.headers["Consent-Export-As-Of"] = str(export.as_of)
        answer.headers["Consent-Export-Pending"] = str(export.pending)
        return answer

    def routes(self) -> list[Route]:
        """Return the route of exports."""
        answer = Answer(
            status=200,
            description="The events; headers tell the log's size and what is pending",
            media=("text/csv", "application/jsonl"),
        )
        return [
            managed(
                "GET",
                f"{SITE}/export",
                self.export,
                "A site's events in the order of the log",
                answer,
                scope="export",
                query=_query,
            )
        ]


def filter_of(query: dict[str, Any]) -> Filter:
    """Return the filter of loaded query parameters."""
    return Filter(
        since=query.get("since"),
        until=query.get("until"),
        type=query.get("type"),
        visitor=str(query["visitor"]) if "visitor" in query else None,
        consent=str(query["consent"]) if "consent" in query else None,
    )
