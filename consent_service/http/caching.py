"""Prebuilt answers: compressed once, each form with its ETag, 304 before any work."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import brotli
from flask import Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300, stale-while-revalidate=86400"
IDENTITY = "identity"
_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=11),
    "gzip": lambda content: gzip.compress(content, compresslevel=9, mtime=0),
}


@dataclass(frozen=True, slots=True)
class Prebuilt:
    """Bytes that are sent as they are, or compressed. Who holds one bounds how many there are."""

    content: bytes = field(repr=False)
    content_type: str
    etag: str
    _compressed: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, content: bytes, content_type: str) -> "Prebuilt":
        """Return the answer with the ETag of its content."""
        return cls(content, content_type, hashlib.sha256(content).hexdigest()[:32])

    def respond(self, cache_control: str, *varying: str) -> Response:
        """Return 304 to who has it already in any form, else the form that the client prefers.

        `varying` are the request's headers that led to this content.
        """
        known = self._known_coding()
        if known is None:
            coding = preferred_coding(request.headers.get("Accept-Encoding", ""))
            answer = Response(self._form(coding), content_type=self.content_type)
            if coding != IDENTITY:
                answer.headers["Content-Encoding"] = coding
        else:
            coding, answer = known, Response(status=304)
        answer.set_etag(self._tag(coding))
        answer.headers["Cache-Control"] = cache_control
        answer.headers["Vary"] = ", ".join(("Accept-Encoding", *varying))
        return answer

    def _known_coding(self) -> str | None:
        """Return the form that the client has: each has a tag of its own (RFC 9110, 8.8.3.3)."""
        if "If-None-Match" not in request.headers:
            return None
        tags = request.if_none_match
        forms = (IDENTITY, *_COMPRESSORS)
        return next((form for form in forms if tags.contains_weak(self._tag(form))), None)

    def _tag(self, coding: str) -> str:
        return self.etag if coding == IDENTITY else f"{self.etag}-{coding}"

    def _form(self, coding: str) -> bytes:
        """Return a form, made when it is first asked for."""
        if coding == IDENTITY:
            return self.content
        form = self._compressed.get(coding)
        if form is None:
            form = self._compressed[coding] = _COMPRESSORS[coding](self.content)
        return form


@lru_cache(maxsize=256)
def preferred_coding(accepted: str) -> str:
    """Return `br`, `gzip` or `identity` for an Accept-Encoding header (RFC 9110, 12.5.3).

    Who names none, or refuses all of them, gets the content as it is.
    """
    qualities = parse_accept_header(accepted, Accept)
    best = max(_COMPRESSORS, key=qualities.quality)
    quality = qualities.quality(best)
    return best if quality > 0 and quality >= qualities.quality(IDENTITY) else IDENTITY
