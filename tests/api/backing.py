"""How the tests speak as a site's backend, each answer checked against its description."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.managing import Manager
from tests.support.world import World

SCOPES = ("consents:read", "consents:write", "check")


class Backend:
    """The backend of a site, with an api key for it."""

    def __init__(self, world: World, site: str = "shop") -> None:
        self._site = site
        self._manager = Manager(world, SCOPES)

    def post(self, call: str, body: dict[str, Any], status: int = 200) -> TestResponse:
        """Post to a call such as `subjects/find`."""
        return self._call("POST", call, f"/{self._site}/{call}", body, status)

    def get(self, call: str, status: int = 200, **query: Any) -> TestResponse:
        parts = f"?{urlencode(query)}" if query else ""
        return self._call("GET", call, f"/{self._site}/{call}{parts}", None, status)

    def _call(
        self, method: str, call: str, path: str, body: dict[str, Any] | None, status: int
    ) -> TestResponse:
        template = f"/{{key}}/{call}" if call != "visitors" else "/{key}/visitors/{visitor}"
        return self._manager.call(method, path, body, template=template, status=status)

    def record(self, action: str, status: int = 201, **members: Any) -> TestResponse:
        """Record an act under notice 1, unless another is named."""
        body = {"action": action, "notice": 1, "key": str(uuid4()), **members}
        return self.post("consents", body, status)

    def recorded(self, action: str, **members: Any) -> dict[str, Any]:
        return dict(self.record(action, **members).get_json())

    def agree(self, subject: str, status: int = 201, **members: Any) -> TestResponse:
        body = {"subject": subject, "documents": {"terms": 1}, "key": str(uuid4()), **members}
        return self.post("agreements", body, status)

    def check(self, purpose: str = "analytics", status: int = 200, **members: Any) -> Any:
        """Return the answer to: may I?"""
        return self.post("check", {"purpose": purpose, **members}, status).get_json()

    def may(self, purpose: str = "analytics", **members: Any) -> bool:
        return bool(self.check(purpose, **members)["allowed"])

    def link(self, subject: str, credential: str, status: int = 201) -> TestResponse:
        return self.post("subjects", {"subject": subject, "credential": credential}, status)

    def find(self, subject: str) -> dict[str, Any]:
        return dict(self.post("subjects/find", {"subject": subject}, 200).get_json())

    def visitor(self, visitor: str, status: int = 200, **query: Any) -> Any:
        parts = f"?{urlencode(query)}" if query else ""
        path = f"/{self._site}/visitors/{visitor}{parts}"
        return self._call("GET", "visitors", path, None, status).get_json()

    def events(self, status: int = 200, **query: Any) -> Any:
        return self.get("events", status, **query).get_json()
