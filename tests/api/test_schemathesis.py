"""The service against its own description: requests are made from it, answers are held to it."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from consent_service.access.model import SCOPES
from tests.api.calls import refused
from tests.counts import count
from tests.support.world import ORIGINS, World

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]

CASES = count(8, 200)
"""Requests to each call: good and bad ones, with what opens it and without."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EACH = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Insider:
    """Somebody who knows what is there, and has what opens every call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._notice = world.notice("shop")
        _, self._api_key = world.services.access.create("insider", SCOPES, [], None)
        world.services.ledger.seal_all()

    def improve(self, case: Request, *, path_too: bool) -> dict[str, str]:
        """Put what is there in the place of what was made up; return the headers that open it.

        What is made to be wrong in an address stays as it is.
        """
        given = self._world.answer("shop", "accept", notice=1)
        known: dict[str, Any] = {
            "key": "shop",
            "visitor": given["consent"]["visitor"],
            "event": given["consent"]["id"],
            "receipt": given["receipt"],
            "epoch": 1,
            "path": "0/000.p/1",
            "name": "terms.en.md",
            "kit": self._world.services.banners.kit.name,
            "kind": "terms",
            "number": 1,
            "sha256": self._notice["variant"],
            "credential": given["credential"],
            "state_token": given["state_token"],
            "notice": 1,
            "variant": self._notice["variant"],
            "locale": "en",
            "purpose": "analytics",
            "service": "tally",
            "decisions": {"analytics": True},
            "documents": {"terms": 1},
            "return": f"{ORIGINS['shop']}/",
        }
        if path_too:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
            if isinstance(case.body, dict):
                known["key"] = str(uuid4())
                case.body = {name: known.get(name, part) for name, part in case.body.items()}
        managed = "/manage/" in case.operation.path
        credential = f"Consent {given['credential']}"
        return {
            "Authorization": f"Bearer {self._api_key}" if managed else credential,
            "Idempotency-Key": str(uuid4()),
        }


def operations(world: World) -> Iterator[Operation]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", world.client.application)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        yield result.ok()


def cases(operation: Operation) -> st.SearchStrategy[Request]:
    """Return good requests, and bad ones where there is something to get wrong."""
    modes = [GenerationMode.POSITIVE]
    if operation.body or operation.query:
        modes.append(GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(mode) for mode in modes])


def test_the_service_does_what_it_describes(shared_world: World) -> None:
    insider = Insider(shared_world)
    reached: dict[str, set[int]] = {}

    def run(operation: Operation) -> None:
        statuses = reached.setdefault(operation.label, set())

        @EACH
        @given(case=cases(operation), is_insider=st.booleans())
        def call(case: Request, is_insider: bool) -> None:
            headers = {"Origin": ORIGINS["shop"]}
            if is_insider:
                good = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
                headers |= insider.improve(case, path_too=good)
            answer = case.call(headers=headers)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        call()

    for operation in operations(shared_world):
        run(operation)
    opened = [label for label, statuses in reached.items() if min(statuses) < 400]
    assert len(opened) > len(reached) / 2, "hardly anything was let in: this tested refusals only"


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"{}", "application/xml", 415, "media_type_not_supported"),
        (b"{}", None, 415, "media_type_not_supported"),
        (b'"' + b"x" * 70_000 + b'"', "application/json", 413, "body_too_large"),
        (b"[]", "application/json", 400, "malformed_request"),
        (b"{", "text/plain", 400, "malformed_request"),
        (b'{"a": 1, "a": 1}', "text/plain", 400, "malformed_request"),
        (b'"\xff"', "application/json", 400, "malformed_request"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_described(
    shared_world: World, content: bytes, media: str | None, status: int, code: str
) -> None:
    insider = Insider(shared_world)
    with_body = [each for each in operations(shared_world) if each.body]
    assert with_body
    for operation in with_body:
        names = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "")
        case = operation.Case(path_parameters=names)
        headers = insider.improve(case, path_too=True) | {"Origin": ORIGINS["shop"]}
        headers |= {"If-None-Match": "*"} if operation.method == "put" else {}
        answer = shared_world.client.open(
            operation.path.format(**case.path_parameters),
            method=operation.method.upper(),
            data=content,
            content_type=media,
            headers=headers | {"If-Match": '"x"'},
        )
        refused(answer, status, code)
        assert str(status) in operation.definition.raw["responses"], operation.label
