"""The addresses of logs (C2SP tlog-tiles, without the leaves), and inclusion proofs of events."""

from flask import Response, jsonify

from consent_service.core.errors import NotFoundError
from consent_service.core.tiles import parse_tile_path
from consent_service.http.caching import IMMUTABLE
from consent_service.http.origins import allow_everyone
from consent_service.http.routes import Access, Answer, Route, View
from consent_service.ledger.published import (
    EntryUnknownError,
    LogPartUnknownError,
    ProofPendingError,
    PublishedLogs,
)
from consent_service.proofs.schemas import LogKeysOut
from consent_service.sites.routing import SITE, managed
from consent_service.sites.service import SiteClosedError, SiteService, SiteUnknownError

_LOG = "/v1/sites/<key>/log"
PUBLIC = "public"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


class LogApi:
    """Serves checkpoints, tiles, keys and proofs. Leaves are evidence and not public."""

    def __init__(self, logs: PublishedLogs, sites: SiteService) -> None:
        self._logs = logs
        self._sites = sites

    def checkpoint(self, key: str, epoch: int | None = None) -> Response:
        """Return the newest published checkpoint."""
        note = self._logs.checkpoint(self._sites.get(key).site_id, epoch)
        return _answer(note, _TEXT, "no-cache")

    def tile(self, key: str, path: str, epoch: int | None = None) -> Response:
        """Return a tile of the published tree, where the site shows it to everybody."""
        if self._sites.get(key).log != PUBLIC:
            raise LogPartUnknownError("the hashes of this log are shown on request only")
        return self.tile_on_request(key, path, epoch)

    def tile_on_request(self, key: str, path: str, epoch: int | None = None) -> Response:
        """Return a tile of the published tree."""
        try:
            place = parse_tile_path(path)
        except ValueError as error:
            raise LogPartUnknownError(f"tile/{path}: {error}") from error
        content = self._logs.tile(self._sites.get(key).site_id, epoch, place)
        # A partial tile is as lasting as a full one: its hashes never change.
        return _answer(content, _BYTES, IMMUTABLE)

    def keys(self, key: str) -> Response:
        """Return the keys that the log names."""
        site = self._sites.get(key)
        return allow_everyone(jsonify(log=site.log_origin, keys=self._logs.keys(site.site_id)))

    def proof(self, key: str, event: str) -> Response:
        """Return the inclusion proof of an event."""
        site = self._sites.get(key)
        answer = _answer(self._logs.proof(site.site_id, event), _TEXT, "no-cache")
        answer.headers["Content-Disposition"] = f'attachment; filename="{event}.tlog-proof"'
        return answer

    def routes(self) -> list[Route]:
        """Return the routes of logs."""
        epoch = f"{_LOG}/epochs/<int:epoch>"
        checkpoint = "The newest checkpoint (C2SP tlog-checkpoint)"
        tile = "A tile of hashes (C2SP tlog-tiles)"
        note = Answer(status=200, description="The checkpoint", media=("text/plain",))
        hashes = Answer(status=200, description="The hashes, 32 bytes each", media=(_BYTES,))
        keys = Answer(status=200, description="The keys", schema=LogKeysOut())
        proof = Answer(status=200, description="A tlog-proof", media=("text/plain",))
        return [
            _route(f"{_LOG}/checkpoint", self.checkpoint, checkpoint, note),
            _route(f"{_LOG}/tile/<path:path>", self.tile, tile, hashes),
            _route(f"{epoch}/checkpoint", self.checkpoint, f"{checkpoint} of an epoch", note),
            _route(f"{epoch}/tile/<path:path>", self.tile, f"{tile} of an epoch", hashes),
            managed(
                "GET",
                f"{SITE}/log/tile/<path:path>",
                self.tile_on_request,
                tile,
                hashes,
                scope="export",
                problems=(LogPartUnknownError,),
            ),
            _route(f"{_LOG}/keys", self.keys, "The public keys that the log names", keys),
            _route(
                "/v1/sites/<key>/consents/<uuid:event>/proof",
                lambda key, event: self.proof(key, str(event)),
                "The inclusion proof of an event (C2SP tlog-proof)",
                proof,
                EntryUnknownError,
                ProofPendingError,
            ),
        ]


def _answer(content: str | bytes, media: str, caching: str) -> Response:
    answer = Response(content, content_type=media)
    answer.headers["Cache-Control"] = caching
    return allow_everyone(answer)


def _route(
    path: str, view: View, summary: str, answer: Answer, *problems: type[NotFoundError]
) -> Route:
    return Route(
        method="GET",
        path=path,
        view=view,
        access=Access.PUBLIC,
        tag="Log",
        summary=summary,
        answers=(answer,),
        problems=(SiteUnknownError, SiteClosedError, *(problems or (LogPartUnknownError,))),
    )
