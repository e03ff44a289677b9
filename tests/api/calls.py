"""Short ways to ask, read and check, shared by the tests of the interface."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.support.world import World

CHOICES = ("functional", "analytics", "marketing")


def decoded(text: str) -> bytes:
    """Return the bytes of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value: Any) -> bytes:
    """Return canonical JSON as any other party would make it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def act(world: World, site: str, action: str, **members: Any) -> dict[str, Any]:
    """Return the body of a fresh act under the current notice."""
    number = members.pop("notice", None) or world.notice(site)["number"]
    return {"action": action, "notice": number, "key": str(uuid4()), **members}


def refused(answer: TestResponse, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Check that an answer is a problem of that status and code about these fields."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem = dict(answer.get_json())
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["type"] == f"urn:consent-service:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    if fields:
        assert {each["field"] for each in problem["errors"]} == set(fields), problem
    return problem


def receipt_claims(world: World, receipt: str) -> dict[str, Any]:
    """Return a receipt's claims after checking its signature against the published keys."""
    published = world.client.get("/.well-known/consent/jwks.json").get_json()
    keys = KeySet.import_key_set(published)
    signed = jws.deserialize_compact(receipt, keys, algorithms=["Ed25519"])
    assert signed.headers()["typ"] == "consent-receipt+jwt"
    return dict(json.loads(signed.payload))


def leaf_of(world: World, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaf in an answer's receipt."""
    return dict(receipt_claims(world, answer["receipt"])["evt"])


def personal(leaf: Mapping[str, Any], openings: list[str]) -> dict[str, str]:
    """Return what openings say, after checking that each opens its commitment in the leaf."""
    values = {}
    for opening in openings:
        salt, name, value = json.loads(decoded(opening))
        assert len(decoded(salt)) == 16
        assert encoded(hashlib.sha256(opening.encode()).digest()) == leaf["priv"][name]
        values[name] = value
    assert set(values) == set(leaf["priv"])
    return values


def rewrite(world: World, site: str, file: str, old: str, new: str) -> None:
    """Replace one sentence in a file of the copied folder."""
    path = world.folder(site) / file
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), "utf-8")


def ask_for(world: World, site: str, kind: str, accept: str) -> None:
    """Publish a document anew so that visitors are asked to acknowledge it, or to agree."""
    path = world.folder(site) / f"{kind}.en.md"
    head, _, text = path.read_text("utf-8").partition("\naccept: ")
    _, _, rest = text.partition("\n")
    path.write_text(f"{head}\naccept: {accept}\n{rest}", "utf-8")
    world.apply(site)


def values(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return `{purpose: value}` of an answer's state."""
    return {key: each["value"] for key, each in answer["state"].items()}


def history(world: World, site: str, credential: str) -> list[dict[str, Any]]:
    """Return a visitor's events, newest first."""
    answer = world.me(site, credential)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["history"])


def stored_events(world: World) -> list[Any]:
    """Return the rows of all events, as they stand in the database."""
    with world.services.db.read() as connection:
        query = "SELECT site_id, event_id, visitor, visitor_seq, type, openings, reference, leaf"
        return list(connection.execute(text(f"{query} FROM consent_event ORDER BY event_id")))
