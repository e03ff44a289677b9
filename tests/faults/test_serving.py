"""The running service: many at once, killed processes, a database that goes away, its end."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.counts import count
from tests.fixtures_world import ENGINES, migrate, migrated_database
from tests.support.running import Running, is_alive, running_service, wait_until_ready


@pytest.fixture(scope="module", params=ENGINES)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The service, running on each engine for the tests of this module."""
    folder = tmp_path_factory.mktemp(request.param)
    with (
        migrated_database(request, folder, request.param) as url,
        running_service(url, folder) as started,
    ):
        yield started


def test_concurrent_posts_with_repeated_keys_store_each_act_once(running: Running) -> None:
    before = {event["event"]["id"] for event in running.events()}
    distinct = [str(uuid4()) for _ in range(360)]
    keys = distinct + distinct[:40]
    bodies = [{"action": ("accept", "reject")[int(key[0], 16) % 2], "key": key} for key in keys]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(running.post, bodies))
    assert [status for status, _ in answers] == [201] * 400
    first = {key: answer["consent"] for key, (_, answer) in zip(keys, answers, strict=True)}
    for key, (_, answer) in zip(keys, answers, strict=True):
        assert answer["consent"] == first[key]
    stored = {event["event"]["id"] for event in running.events()} - before
    assert stored == {consent["id"] for consent in first.values()}
    assert len(stored) == 360


def test_a_killed_web_process_loses_nothing_that_was_acknowledged(running: Running) -> None:
    acknowledged: list[str] = []

    def post_often() -> None:
        for _ in range(count(40, 400)):
            try:
                status, answer = running.post({"action": "accept"})
            except (OSError, http.client.HTTPException):
                continue
            if status == 201:
                acknowledged.append(answer["consent"]["id"])

    with ThreadPoolExecutor(4) as pool:
        posting = [pool.submit(post_often) for _ in range(4)]
        for _ in range(count(2, 10)):
            time.sleep(0.3)
            for pid in running.web_processes():
                os.kill(pid, signal.SIGKILL)
        for each in posting:
            each.result()
    wait_until_ready(running)
    assert acknowledged
    assert set(acknowledged) <= {event["event"]["id"] for event in running.events()}


def test_the_end_lets_requests_finish_and_leaves_status_0(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'consent.db'}"
    migrate(url, tmp_path)
    with running_service(url, tmp_path) as running:
        assert running.post({"action": "accept"})[0] == 201
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        assert '"pending": 0' in running.command("ledger", "status", "--json")


def test_nothing_is_left_behind_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'consent.db'}"
    migrate(url, tmp_path)
    with running_service(url, tmp_path) as running:
        left = running.children()
        assert len(left) == 2
        running.process.kill()
        running.process.wait(10)
        for _ in range(200):
            if not any(is_alive(pid) for pid in left):
                break
            time.sleep(0.1)
        assert not any(is_alive(pid) for pid in left)


def test_a_killed_worker_is_started_again(running: Running) -> None:
    before = {pid for pid in running.children() if pid not in running.gunicorn()}
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert running.post({"action": "accept"})[0] == 201
    for _ in range(200):
        if '"pending": 0' in running.command("ledger", "status", "--json"):
            break
        time.sleep(0.1)
    after = {pid for pid in running.children() if pid not in running.gunicorn()}
    assert len(after) == 1
    assert after != before
    assert '"pending": 0' in running.command("ledger", "status", "--json")


def test_logs_hold_routes_and_nothing_about_visitors(running: Running) -> None:
    _, answer = running.post({"action": "accept"})
    credential = answer["credential"]
    path = "/v1/sites/shop/consents/me?before=77777"
    assert (
        running.request("GET", path, headers={"Authorization": f"Consent {credential}"})[0] == 200
    )
    written = running.log.read_text()
    assert "GET /v1/sites/<key>/consents/me" in written
    for personal in (
        credential,
        answer["consent"]["visitor"],
        answer["consent"]["reference"],
        answer["consent"]["id"],
        "77777",
        "Python",
    ):
        assert personal not in written


def test_metrics_count_answers_by_route(running: Running) -> None:
    counted = 'consent_http_requests_total{route="POST /v1/sites/<key>/consents",status="201"}'

    def count_now() -> float:
        lines = running.get("/metrics")[1].decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(counted))

    before = count_now()
    running.post({"action": "accept"})
    assert count_now() == before + 1


def test_a_lost_database_is_503_with_the_notice_still_served(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        migrate(url, tmp_path)
        with running_service(url, tmp_path) as running:
            assert running.get("/v1/sites/shop/notice")[0] == 200
            assert running.post({"action": "accept"})[0] == 201
            _close(server, url)
            status, problem = running.post({"action": "accept"})
            assert (status, problem["code"]) == (503, "unavailable")
            assert running.get("/v1/sites/shop/notice")[0] == 200
            assert running.get("/readyz")[0] == 503
            assert running.get("/healthz")[0] == 200
            _open(server, url)
            wait_until_ready(running)
            assert running.post({"action": "accept"})[0] == 201


def _close(server: Any, url: str) -> None:
    name = make_url(url).database
    server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )


def _open(server: Any, url: str) -> None:
    server.execute(f'ALTER DATABASE "{make_url(url).database}" ALLOW_CONNECTIONS true')


def test_terminated_connections_are_not_noticed_by_visitors(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        migrate(url, tmp_path)
        with running_service(url, tmp_path) as running:
            _, answer = running.post({"action": "accept"})
            for _ in range(5):
                engine = create_engine(url)
                with engine.connect() as connection:
                    others = "datname = current_database() AND pid <> pg_backend_pid()"
                    query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
                    connection.execute(text(query))
                engine.dispose()
                status, answer = running.post(
                    {"action": "choose", "decisions": {"analytics": True}}
                    | {"credential": answer["credential"]}
                )
                assert status == 201, answer
