"""Bodies and keys that could be taken for something else."""

from uuid import uuid4

import pytest

from tests.api.calls import act
from tests.support.world import ORIGINS, World


def test_a_body_of_unknown_length_is_refused(sqlite_world: World) -> None:
    answer = sqlite_world.client.post(
        "/v1/sites/shop/consents",
        headers={"Origin": ORIGINS["shop"], "Transfer-Encoding": "chunked"},
        content_type="text/plain",
        environ_overrides={"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("key", ["1", "order-7", "x" * 300])
def test_a_key_that_others_could_guess_is_refused(sqlite_world: World, key: str) -> None:
    body = act(sqlite_world, "shop", "accept")
    del body["key"]
    answer = sqlite_world.post("shop", body, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "Idempotency-Key"
    taken = sqlite_world.post("shop", body, headers={"Idempotency-Key": str(uuid4())})
    assert taken.status_code == 201
