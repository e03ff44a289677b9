"""Four sealing processes, eight writers, and processes that are killed at any moment."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from consent_service.core.merkle import consistency_path, extends, root_of
from consent_service.ledger.proofs import tiled_tree
from tests.counts import count
from tests.fixtures_world import migrated_database
from tests.storage.logs import hashes, leaves, pending_count, published, require_one_log, site_id
from tests.support.world import World, open_world

SEALERS = 4
WRITERS = 8
KILLS = count(5, 50)
_SEAL_WITHOUT_PAUSE = """
import time
from consent_service.bootstrap import build_services
from consent_service.settings import load_settings
services = build_services(load_settings(), with_log_keys=True)
print("ready", flush=True)
while True:
    services.ledger.seal_all()
    time.sleep(0.01)
"""


@pytest.fixture
def postgres_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with migrated_database(request, tmp_path, "postgres") as url:
        world = open_world(url, tmp_path)
        yield world
        world.services.db.dispose()


class Sealer:
    """A process that seals as fast as it can, and is started again when it was killed."""

    def __init__(self, world: World) -> None:
        self._environment = {
            **os.environ,
            "CONSENT_DATABASE_URL": world.settings.database_url,
            "CONSENT_DATA_DIR": str(world.settings.data_dir),
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SEAL_WITHOUT_PAUSE],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def is_at_work(self) -> bool:
        assert self._process.stdout
        return self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


@contextmanager
def sealers(world: World) -> Iterator[list[Sealer]]:
    started = [Sealer(world) for _ in range(SEALERS)]
    try:
        yield started
    finally:
        for each in started:
            each.kill()


def write_until(stop: Event, world: World) -> list[str]:
    """Record answers, of new visitors and of known ones, and return the ids of all of them."""
    acknowledged: list[str] = []
    credential: str | None = None
    while not stop.is_set():
        known = {"credential": credential} if credential and len(acknowledged) % 3 else {}
        answer = world.answer("shop", random.choice(("accept", "reject")), **known)
        acknowledged.append(answer["consent"]["id"])
        credential = answer["credential"]
    return acknowledged


def test_sealers_that_are_killed_leave_one_log_with_every_event_once(
    postgres_world: World,
) -> None:
    world, stop = postgres_world, Event()
    chosen = random.Random(count(1, time.time_ns()))
    with sealers(world) as running, ThreadPoolExecutor(WRITERS) as pool:
        assert all(sealer.is_at_work() for sealer in running)
        writers = [pool.submit(write_until, stop, world) for _ in range(WRITERS)]
        try:
            for _ in range(KILLS):
                victim = chosen.choice(running)
                victim.kill()
                victim.start()
                assert victim.is_at_work()
                time.sleep(chosen.random() * 0.2)
        finally:
            stop.set()
        acknowledged = {event for writer in writers for event in writer.result()}
    world.services.ledger.seal_all()
    require_one_log(world)
    sealed = [leaf["id"] for leaf in leaves(world)]
    assert len(sealed) == len(set(sealed))
    assert acknowledged <= set(sealed)
    assert pending_count(world) == 0
    assert len(acknowledged) > WRITERS * 3
    require_consistency(world)


def require_consistency(world: World) -> None:
    """Check by proofs from the stored tiles that each published checkpoint extends the one before.

    That the tree is that of the leaves is checked apart.
    """
    found = published(world)
    assert len(found) > KILLS
    assert root_of(hashes(world)) == found[-1][1]
    with world.services.db.read() as connection:
        for (old, old_root), (new, new_root) in pairwise(found):
            tree = tiled_tree(connection, site_id(world), 1, new)
            proof = consistency_path(old, new, tree.subtree)
            assert extends(old, new, proof, old_root, new_root), (old, new)
