"""Exports for programs."""

from itertools import chain
from typing import Any

from flask import Response, request

from consent_service.exports.model import Filter, Format
from consent_service.exports.schemas import ExportQuery, names
from consent_service.exports.service import ExportService, Wanted
from consent_service.http.body import load
from consent_service.http.routes import Answer, Route
from consent_service.sites.routing import SITE, managed
from consent_service.sites.service import SiteService

_query = ExportQuery()
_MEDIA = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.BUNDLE: "application/zip",
}
_SUFFIX = {Format.CSV: "csv", Format.JSONL: "jsonl", Format.BUNDLE: "zip"}


class ExportApi:
    """Streams exports."""

    def __init__(self, exports: ExportService, sites: SiteService) -> None:
        self._exports = exports
        self._sites = sites

    def export(self, key: str) -> Response:
        """Stream a site's events in the order of the log.

        A bundle that an erasure overtakes ends without its end: no reader takes it for whole.
        """
        site = self._sites.get(key)
        wanted = wanted_of(load(_query, request.args.to_dict()))
        export = self._exports.begin(site, wanted)
        chunks = (chunk for chunk, _ in self._exports.stream(export))
        # What cannot be written at all is a problem, not an answer that breaks off.
        first = next(chunks, b"")
        answer = Response(chain([first], chunks), content_type=_MEDIA[wanted.form])
        name = f"{key}.{_SUFFIX[wanted.form]}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Consent-Export-As-Of"] = str(export.as_of)
        answer.headers["Consent-Export-Pending"] = str(export.pending)
        return answer

    def routes(self) -> list[Route]:
        """Return the route of exports."""
        answer = Answer(
            status=200,
            description="The events; headers tell the log's size and what is pending",
            media=("text/csv", "application/jsonl", "application/zip"),
        )
        return [
            managed(
                "GET",
                f"{SITE}/export",
                self.export,
                "A site's events in the order of the log, or a signed bundle of them",
                answer,
                scope="export",
                query=_query,
            )
        ]


def wanted_of(query: dict[str, Any]) -> Wanted:
    """Return what loaded query parameters ask for."""
    return Wanted(
        form=query["form"],
        filter=Filter(
            since=query.get("since"),
            until=query.get("until"),
            type=query.get("type"),
            visitor=str(query["visitor"]) if "visitor" in query else None,
            consent=str(query["consent"]) if "consent" in query else None,
        ),
        resume=query.get("resume"),
        as_of=query.get("as_of"),
        epoch=query.get("epoch"),
        derived=names(query),
        openings=query.get("openings") != "withheld",
    )
