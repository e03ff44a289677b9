"""What the tests of logs share: reading a log from its rows, and processes that seal it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from consent_service.bootstrap import Services, build_services
from consent_service.consents.tables import consent_event
from consent_service.core.merkle import CompactRange, leaf_hash, root_of
from consent_service.core.notes import check, parse, parse_verifier_key
from consent_service.ledger.tables import checkpoint, ledger_entry, ledger_leaf, ledger_pending
from tests.support.world import World


def site_id(world: World, key: str = "shop") -> str:
    return world.services.sites.get(key).site_id


def leaves(world: World, site: str = "shop", epoch: int = 1) -> list[dict[str, Any]]:
    """Return the sealed leaves of a log by index, each checked by its hash."""
    with world.services.db.read() as connection:
        texts = {
            row.id: row.leaf
            for table, name in ((ledger_entry, "entry_id"), (consent_event, "event_id"))
            for row in connection.execute(select(table.c[name].label("id"), table.c.leaf))
        }
        query = select(ledger_leaf).filter_by(site_id=site_id(world, site), epoch=epoch)
        rows = connection.execute(query.order_by(ledger_leaf.c.leaf_index)).all()
    assert [row.leaf_index for row in rows] == list(range(len(rows)))
    assert all(leaf_hash(texts[row.entry_id].encode()) == row.leaf_hash for row in rows)
    return [json.loads(texts[row.entry_id]) for row in rows]


def hashes(world: World, site: str = "shop", epoch: int = 1) -> list[bytes]:
    with world.services.db.read() as connection:
        query = select(ledger_leaf.c.leaf_hash).filter_by(site_id=site_id(world, site), epoch=epoch)
        return list(connection.scalars(query.order_by(ledger_leaf.c.leaf_index)))


def published(world: World, site: str = "shop", epoch: int = 1) -> list[tuple[int, bytes]]:
    """Return size and root of every published checkpoint, by size."""
    with world.services.db.read() as connection:
        query = select(checkpoint).filter_by(site_id=site_id(world, site), epoch=epoch)
        rows = connection.execute(query.order_by(checkpoint.c.size)).all()
    return [(row.size, row.root) for row in rows if row.published_at]


def require_one_log(world: World, site: str = "shop", epoch: int = 1) -> None:
    """Check that every published checkpoint is of the one sequence of leaves that there is."""
    of_log, found = hashes(world, site, epoch), published(world, site, epoch)
    assert found
    tree, position = CompactRange(), 0
    for size, root in found:
        while position < size:
            tree.push(0, position, of_log[position])
            position += 1
        assert tree.root() == root, size
    assert root_of(of_log[: found[-1][0]]) == found[-1][1]


def pending_count(world: World) -> int:
    with world.services.db.read() as connection:
        return len(connection.execute(select(ledger_pending)).all())


def require_signed(world: World, note: str, *keys: str) -> None:
    """Check a checkpoint by these verifier keys, each of which must have signed."""
    verifiers = [parse_verifier_key(key) for key in keys]
    assert len(check(parse(note), verifiers)) == len(verifiers)


@contextmanager
def another(world: World, *, with_log_keys: bool = True, **changed: Any) -> Iterator[Services]:
    """Lend the services of another process, perhaps with other settings."""
    settings = replace(world.settings, **changed)
    services = build_services(settings, clock=world.clock, with_log_keys=with_log_keys)
    try:
        yield services
    finally:
        services.db.dispose()
