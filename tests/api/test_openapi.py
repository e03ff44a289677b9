"""The OpenAPI document says what the service does."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from consent_service.application import build_routes
from consent_service.http.routes import Access
from tests.api.calls import act
from tests.support.world import World

ITSELF = {"/openapi.json", "/docs"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(sqlite_world: World) -> dict[str, Any]:
    answer = sqlite_world.client.get("/openapi.json")
    assert answer.content_type == "application/json"
    return dict(answer.get_json())


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_document_has_the_structure_of_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert set(document) <= {"openapi", "info", "servers", "paths", "components", "tags"}
    assert {"title", "version"} <= set(document["info"])
    assert all(server["url"].startswith("http") for server in document["servers"])
    found = list(operations(document))
    assert {method for _, method, _ in found} <= METHODS
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    for path, _, operation in found:
        assert operation["responses"], path
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert answer["description"]
        assert any(status < "400" for status in operation["responses"]), path
        placeholders = set(re.findall(r"{(\w+)}", path))
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == placeholders
        assert all(p["required"] is True for p in operation["parameters"] if p["in"] == "path")
        assert all("schema" in p for p in operation["parameters"])


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert isinstance(resolve(document, reference), dict)
    for _, _, operation in operations(document):
        for requirement in operation["security"]:
            assert set(requirement) <= set(document["components"]["securitySchemes"])


def test_every_schema_is_a_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_route_is_described(sqlite_world: World, document: dict[str, Any]) -> None:
    routes = build_routes(sqlite_world.services)
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path), route.method.lower()): route
        for route in routes
        if route.path not in ITSELF
    }
    described = {(path, method): operation for path, method, operation in operations(document)}
    assert set(described) == set(served)
    for place, operation in described.items():
        access = served[place].access
        assert bool(operation["security"]) is (access in (Access.VISITOR, Access.API_KEY)), place
        refusal = "403" in operation["responses"]
        assert refusal or access not in (Access.VISITOR, Access.ORIGIN, Access.API_KEY)


def test_the_page_names_every_path(sqlite_world: World, document: dict[str, Any]) -> None:
    page = sqlite_world.client.get("/docs")
    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text
    assert "://" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', page.text))


def fits(document: dict[str, Any], path: str, method: str, status: int, answer: Any) -> None:
    described = document["paths"][path][method]["responses"][str(status)]["content"]
    (media,) = described.values()
    schema = {**media["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer)
    strict = {**document["components"]["schemas"]}
    name = str(media["schema"]["$ref"]).rpartition("/")[2]
    assert set(answer) <= set(strict[name]["properties"]), name


@pytest.mark.parametrize("site", ["shop", "news"])
def test_real_answers_fit_their_schemas(
    sqlite_world: World, document: dict[str, Any], site: str
) -> None:
    world = sqlite_world
    consents = "/v1/sites/{key}/consents"
    action = "accept" if site == "shop" else "acknowledge"
    given = world.answer(site, action)
    fits(document, consents, "post", 201, given)
    ended = world.answer(site, "withdraw", credential=given["credential"])
    fits(document, consents, "post", 201, ended)
    for _ in range(55):
        world.clock.move(seconds=1)
        world.answer(site, action, notice=1, credential=given["credential"])
    told = world.me(site, given["credential"]).get_json()
    assert "next" in told
    fits(document, f"{consents}/me", "get", 200, told)
    origin = "http://localhost:8002/" if site == "shop" else "http://localhost:8001/"
    link = world.client.post(
        f"/v1/sites/{site}/consents/me/link",
        json={"return": origin, "credential": given["credential"]},
    )
    fits(document, f"{consents}/me/link", "post", 201, link.get_json())
    header = {"Authorization": f"Consent {given['credential']}"}
    erased = world.client.delete(f"/v1/sites/{site}/consents/me", headers=header)
    fits(document, f"{consents}/me", "delete", 200, erased.get_json())
    refusal = world.post(site, {"action": 1})
    fits(document, consents, "post", 422, refusal.get_json())


def test_a_real_request_fits_its_schema(sqlite_world: World, document: dict[str, Any]) -> None:
    body = act(
        sqlite_world,
        "shop",
        "choose",
        decisions={"analytics": True},
        services={"tally": False},
        signals={"gpc": True, "override": True},
        layer=2,
        method="banner",
        locale="en",
        occurred_at="2026-11-23T10:00:00.000Z",
        sent_at="2026-11-23T10:00:00.000Z",
    )
    assert sqlite_world.post("shop", body).status_code == 201
    content = document["paths"]["/v1/sites/{key}/consents"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "text/plain"}
    for media in content.values():
        schema = {**media["schema"], "components": document["components"]}
        validator = jsonschema.Draft202012Validator(schema)
        validator.validate(body)
        assert not validator.is_valid({**body, "action": "delete"})
        assert not validator.is_valid({"action": "accept"})


DOCUMENTS = "/v1/sites/{key}/documents"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (DOCUMENTS, ""),
        (f"{DOCUMENTS}/{{kind}}", ""),
        (f"{DOCUMENTS}/{{kind}}/versions", ""),
        (f"{DOCUMENTS}/{{kind}}/versions/{{number}}", ""),
        (f"{DOCUMENTS}/{{kind}}/diff", "?from=1&to=1"),
    ],
)
def test_documents_have_nothing_that_is_not_described(
    shared_world: World, path: str, query: str
) -> None:
    document = shared_world.client.get("/openapi.json").get_json()
    for schema in document["components"]["schemas"].values():
        schema.setdefault("additionalProperties", False)
    address = path.format(key="shop", kind="terms", number=1)
    answer = shared_world.client.get(f"{address}{query}", headers={"Accept": "application/json"})
    described = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {**described["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer.get_json())


def parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from parts(inner)


def test_schemas_say_what_they_mean_in_json_schema_s_words(document: dict[str, Any]) -> None:
    found = list(parts(document))
    patterns = [part["pattern"] for part in found if isinstance(part.get("pattern"), str)]
    assert patterns
    assert not [pattern for pattern in patterns if "\\Z" in pattern or "\\A" in pattern]
    mappings = [part for part in found if part.get("type") == "object"]
    assert any("maxProperties" in part for part in mappings)
    assert not [part for part in mappings if {"maxLength", "minLength"} & {*part}]
    act = document["components"]["schemas"]["ConsentIn"]["properties"]
    assert act["decisions"]["propertyNames"]["pattern"] == "^[a-z][a-z0-9_-]{0,31}$"
