"""Prebuilt answers with their ETag: 304 before any work."""

import hashlib
from dataclasses import dataclass

from flask import Response, request

IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Prebuilt:
    """Bytes that are sent as they are."""

    content: bytes
    content_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, content_type: str) -> "Prebuilt":
        """Return the answer with the ETag of its content."""
        return cls(content, content_type, hashlib.sha256(content).hexdigest()[:32])

    def respond(self, cache_control: str) -> Response:
        """Return 304 to who has it already, else the content."""
        fresh = request.if_none_match.contains_weak(self.etag)
        answer = Response(status=304) if fresh else Response(self.content)
        if not fresh:
            answer.content_type = self.content_type
        answer.set_etag(self.etag)
        answer.headers["Cache-Control"] = cache_control
        return answer
