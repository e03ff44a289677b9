"""How the tests manage sites by the interface, each answer checked against its description."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jsonschema
from werkzeug.test import TestResponse

from tests.support.world import World

MANAGE = "/v1/manage/sites"


class Manager:
    """A program with an api key. Answers in JSON are held to the OpenAPI document."""

    def __init__(
        self,
        world: World,
        scopes: tuple[str, ...] = ("sites:read", "sites:write"),
        sites: tuple[str, ...] = (),
    ) -> None:
        self.world = world
        _, secret = world.services.access.create("manager", scopes, sites, None)
        self._headers = {"Authorization": f"Bearer {secret}"}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        template: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a request; `template` is the path as OpenAPI has it, the path itself when empty."""
        answer = self.world.client.open(
            f"{MANAGE}{path}",
            method=method,
            json=body,
            headers={**self._headers, **(headers or {})},
        )
        assert answer.status_code == status, answer.text
        self._check(method, template or path.partition("?")[0], answer)
        return answer

    def _check(self, method: str, template: str, answer: TestResponse) -> None:
        operation = self._document["paths"][f"{MANAGE}{template}"][method.lower()]
        described = operation["responses"][str(answer.status_code)]
        if answer.mimetype in ("application/json", "application/problem+json"):
            schema = described["content"][answer.mimetype].get("schema", {})
            strict = {**schema, "components": self._document["components"]}
            jsonschema.Draft202012Validator(strict).validate(answer.get_json())

    @cached_property
    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = self.world.client.get("/openapi.json").get_json()
        for schema in document["components"]["schemas"].values():
            schema.setdefault("additionalProperties", False)
        return document

    def site(self, key: str = "shop") -> TestResponse:
        return self.call("GET", f"/{key}", template="/{key}")

    def head(self, key: str = "shop") -> str:
        return str(self.site(key).get_json()["head"])

    def take(self, key: str = "shop") -> None:
        """Let the console manage a site."""
        self.call(
            "PATCH",
            f"/{key}",
            {"managed_by": "console"},
            template="/{key}",
            headers={"If-Match": f'"{self.head(key)}"'},
        )

    def file(self, name: str, key: str = "shop") -> str:
        answer = self.call("GET", f"/{key}/files/{name}", template="/{key}/files/{name}")
        return str(answer.get_json()["text"])

    def put(
        self, name: str, text: str | None, *, tag: str | None = None, status: int = 0, **more: Any
    ) -> TestResponse:
        """Write a draft of the shop: a new one without `tag`."""
        return self.call(
            "PUT",
            f"/shop/drafts/{name}",
            {"text": text, **more},
            template="/{key}/drafts/{name}",
            status=status or (200 if tag else 201),
            headers={"If-Match": tag} if tag else {"If-None-Match": "*"},
        )

    def drafts(self) -> list[str]:
        answer = self.call("GET", "/shop/drafts", template="/{key}/drafts")
        return [draft["name"] for draft in answer.get_json()["drafts"]]

    def plan(self, status: int = 200) -> dict[str, Any]:
        answer = self.call("GET", "/shop/plan", template="/{key}/plan", status=status)
        return dict(answer.get_json())

    def publish(self, head: str | None = None, status: int = 200) -> TestResponse:
        answer = self.call(
            "POST",
            "/shop/publish",
            template="/{key}/publish",
            status=status,
            headers={"If-Match": f'"{head or self.head()}"'},
        )
        self.world.forget()
        return answer
