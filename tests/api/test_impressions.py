"""Showings: counted per hour, notice and variant, without any identifier."""

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from consent_service.core.errors import ServiceError
from consent_service.notices.impressions import ImpressionService
from consent_service.notices.model import Showing
from consent_service.notices.store import list_impressions
from tests.api.calls import act, refused, stored_events
from tests.fixtures_world import migrate
from tests.storage.rows import owner
from tests.support.running import ORIGIN, running_service
from tests.support.world import ORIGINS, World


def show(world: World, site: str = "shop", **body: Any) -> TestResponse:
    return world.client.post(
        f"/v1/sites/{site}/impressions",
        json={"notice": 1, **body},
        headers={"Origin": ORIGINS[site]},
    )


def counted(world: World, site: str = "shop") -> list[tuple[str, str, int, str, str, int]]:
    with world.services.db.read() as connection:
        site_id = world.services.sites.get(site).site_id
        return [
            (f"{hour.hour:%H:%M}", hour.kind, hour.notice, hour.profile, hour.locale, count)
            for hour, count in list_impressions(connection, site_id)
        ]


def test_showings_are_counted_by_hour_and_variant(world: World) -> None:
    german = world.notice("shop", "de")["variant"]
    for _ in range(3):
        answer = show(world, variant=german)
        assert (answer.status_code, answer.data) == (202, b"")
    world.clock.move(minutes=59)
    show(world, variant=german)
    assert world.services.impressions.flush() == 4
    world.clock.move(minutes=1)
    show(world, variant=german)
    show(world)
    assert world.services.impressions.flush() == 2
    assert sorted(counted(world)) == [
        ("10:00", "shown", 1, "eu-opt-in", "de", 4),
        ("11:00", "shown", 1, "", "", 1),
        ("11:00", "shown", 1, "eu-opt-in", "de", 1),
    ]
    assert counted(world, "news") == []


def test_counts_of_several_processes_add_up(world: World) -> None:
    site, services = world.services.sites.get("shop"), world.services
    for service in (
        services.impressions,
        ImpressionService(services.db, services.notices, world.clock),
    ):
        for _ in range(5):
            service.count(site, Showing.SHOWN, 1, None)
        assert service.flush() == 5
        assert service.flush() == 0
    assert [each[-1] for each in counted(world)] == [10]


def test_a_failed_flush_loses_and_doubles_nothing(world: World) -> None:
    for _ in range(3):
        show(world)
    with owner(world) as connection:
        connection.execute(text("ALTER TABLE impression RENAME TO away"))
    with pytest.raises((DBAPIError, ServiceError)):
        world.services.impressions.flush()
    show(world)
    with owner(world) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO impression"))
    assert world.services.impressions.flush() == 4
    assert [each[-1] for each in counted(world)] == [4]


def test_showings_at_once_are_all_counted(world: World) -> None:
    site, service = world.services.sites.get("shop"), world.services.impressions

    def count(_: int) -> int:
        service.count(site, Showing.SHOWN, 1, None)
        return service.flush()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(80)))
    service.flush()
    assert [each[-1] for each in counted(world)] == [80]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"notice": 9}, "notice"),
        ({"notice": 0}, "notice"),
        ({"notice": "1"}, "notice"),
        ({"variant": "0" * 64}, "variant"),
        ({"variant": "shop"}, "variant"),
        ({"visitor": "you"}, "visitor"),
    ],
)
def test_what_was_not_shown_is_not_counted(
    shared_world: World, body: dict[str, Any], field: str
) -> None:
    refused(show(shared_world, **body), 422, "invalid_request", field)
    assert shared_world.services.impressions.flush() == 0


def test_a_variant_of_another_site_is_none_here(shared_world: World) -> None:
    foreign = shared_world.notice("news")["variant"]
    refused(show(shared_world, variant=foreign), 422, "invalid_request", "variant")


def test_a_signal_of_a_browser_unknown_here_leaves_a_count_and_nothing_else(world: World) -> None:
    variant = world.notice("shop")["variant"]
    body = act(world, "shop", "signal", signals={"gpc": True}, variant=variant)
    answer = world.post("shop", body)
    assert (answer.status_code, answer.data) == (202, b"")
    assert "Set-Cookie" not in answer.headers
    assert stored_events(world) == []
    world.services.impressions.flush()
    assert counted(world) == [("10:00", "signal", 1, "eu-opt-in", "en", 1)]


def test_what_was_counted_is_stored_when_the_service_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'consent.db'}"
    migrate(url, tmp_path)
    with running_service(url, tmp_path) as running:
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        for _ in range(7):
            answer = running.request(
                "POST", "/v1/sites/shop/impressions", b'{"notice": 1}', headers
            )
            assert answer[0] == 202
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    with closing(sqlite3.connect(tmp_path / "consent.db")) as connection:
        assert connection.execute("SELECT sum(showings) FROM impression").fetchone() == (7,)
