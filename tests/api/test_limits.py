"""Who floods is slowed down; who withdraws or erases with a valid credential never is."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consent_service.application import build_app
from tests.api.calls import act, refused
from tests.support.world import ORIGINS, World

ADDRESS = "8.8.8.8"


@pytest.fixture
def limited(sqlite_world: World) -> FlaskClient:
    """An application that lets each address write twice a minute."""
    world = sqlite_world
    settings = replace(world.settings, address_limit=2)
    app = build_app(replace(world.services, settings=settings))
    client = app.test_client(use_cookies=False)
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    return client


def write(client: FlaskClient, path: str, body: dict[str, object]) -> TestResponse:
    return client.post(f"/v1/sites/shop/{path}", json=body, headers={"Origin": ORIGINS["shop"]})


def test_an_address_that_writes_too_much_is_told_when_to_come_back(
    sqlite_world: World, limited: FlaskClient
) -> None:
    for _ in range(2):
        assert write(limited, "consents", act(sqlite_world, "shop", "accept")).status_code == 201
    answer = write(limited, "consents", act(sqlite_world, "shop", "accept"))
    refused(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    for path in ("impressions", "consents/me/link"):
        refused(write(limited, path, {"notice": 1}), 429, "too_many_requests")


def test_a_withdrawal_and_an_erasure_with_a_credential_are_never_stopped(
    sqlite_world: World, limited: FlaskClient
) -> None:
    world = sqlite_world
    given = write(limited, "consents", act(world, "shop", "accept")).get_json()["credential"]
    while write(limited, "impressions", {"notice": 1}).status_code != 429:
        pass
    refused(
        write(limited, "consents", act(world, "shop", "accept", credential=given)),
        429,
        "too_many_requests",
    )
    for action in ("withdraw", "reject"):
        answer = write(limited, "consents", act(world, "shop", action, credential=given))
        assert answer.status_code == 201
    forged = act(
        world, "shop", "withdraw", credential=f"{given[:-1]}{'A' if given[-1] != 'A' else 'B'}"
    )
    assert write(limited, "consents", forged).status_code == 401
    refused(write(limited, "consents", act(world, "shop", "reject")), 429, "too_many_requests")
    erased = limited.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {given}"}
    )
    assert erased.status_code == 200
