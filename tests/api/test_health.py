"""Readiness and metrics of sealing."""

from tests.support.world import World


def ready(world: World) -> tuple[int, dict[str, object]]:
    answer = world.client.get("/readyz")
    return answer.status_code, answer.get_json()


def lag(world: World) -> float:
    lines = world.client.get("/metrics").text.splitlines()
    (found,) = [line for line in lines if line.startswith("consent_log_lag_seconds ")]
    return float(found.split()[1])


def test_a_service_whose_log_is_sealed_is_ready(world: World) -> None:
    world.services.ledger.seal_all()
    assert ready(world) == (200, {"status": "ok", "failed": {}, "behind": {}})
    assert lag(world) == 0


def test_a_log_that_waits_for_half_the_promised_delay_degrades_readiness(world: World) -> None:
    world.services.ledger.seal_all()
    world.answer("shop", "accept")
    world.clock.move(seconds=29)
    assert ready(world)[1]["status"] == "ok"
    assert lag(world) == 29
    world.clock.move(seconds=1)
    status, body = ready(world)
    assert (status, body["status"]) == (200, "degraded")
    assert "30 seconds" in str(body["behind"])
    world.services.ledger.seal_all()
    assert ready(world)[1]["status"] == "ok"


def test_the_lag_is_that_of_the_log_that_is_furthest_behind(world: World) -> None:
    world.services.ledger.seal_all()
    world.answer("news", "acknowledge")
    world.clock.move(seconds=20)
    world.answer("shop", "accept")
    world.clock.move(seconds=5)
    assert lag(world) == 25
    world.services.ledger.seal(world.services.sites.get("news").site_id)
    assert lag(world) == 5
