"""The audit: a log recomputed from its rows, and the first difference named."""

from typing import Any

import pytest
from sqlalchemy import text

from consent_service.consents.rebuilding import Rebuilt
from consent_service.core.tiles import WIDTH
from tests.storage.logs import hashes, site_id
from tests.storage.rows import disable_guards, owner
from tests.support.world import World

VISITORS = 6


def fill(world: World, visitors: int) -> None:
    """Leave a log with two checkpoints, an erased visitor and others."""
    for number in range(visitors):
        world.clock.move(milliseconds=1)
        answer = world.answer("shop", "accept")
        if number == visitors // 2:
            world.services.ledger.seal_all()
    erased = world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {answer['credential']}"}
    )
    assert erased.status_code == 200
    world.services.ledger.seal_all()


@pytest.fixture
def short(world: World) -> World:
    fill(world, VISITORS)
    return world


@pytest.fixture
def long(world: World) -> World:
    fill(world, WIDTH)
    return world


def differences(world: World) -> list[str]:
    """Audit the shop's log and return what is told, with the index where one is named."""
    audit = world.services.audit
    (log,) = audit.logs(site_id(world))
    found = [audit.audit(log).difference, audit.audit_rows(site_id(world))]
    return [
        each.what if each.index is None else f"{each.index}: {each.what}" for each in found if each
    ]


def test_a_log_that_nobody_touched_is_what_it_says(long: World) -> None:
    (log,) = long.services.audit.logs(site_id(long))
    done = long.services.audit.audit(log)
    assert done.difference is None
    assert done.leaves == len(hashes(long)) > WIDTH
    assert done.checkpoints == 2
    assert differences(long) == []


def tamper(world: World, statement: str) -> None:
    """Change a row as the owner of the tables can: past the guards."""
    table = statement.removeprefix("DELETE FROM ").removeprefix("UPDATE ").split()[0]
    a_hash = "zeroblob(32)" if world.settings.on_sqlite else "sha256('x')"
    statement = statement.replace("HASH", a_hash)
    with owner(world) as connection:
        disable_guards(connection, table)
        changed = connection.execute(text(statement))
        assert changed.rowcount == 1, statement


PLACE = 6
EVENT = (
    f"(SELECT entry_id FROM ledger_leaf WHERE leaf_index = {PLACE} AND site_id = "
    "(SELECT site_id FROM site WHERE key = 'shop'))"
)
OTHER = EVENT.replace(str(PLACE), str(PLACE + 1))
OF_EVENT = f"WHERE event_id = {EVENT}"
NEWEST = (
    "WHERE site_id = (SELECT site_id FROM site WHERE key = 'shop') AND size = (SELECT max(size) "
    "FROM checkpoint WHERE site_id = (SELECT site_id FROM site WHERE key = 'shop'))"
)
OPENINGS_OF_OTHER = f"(SELECT openings FROM consent_event WHERE event_id = {OTHER})"
CASES = [
    (
        f"UPDATE consent_event SET leaf = replace(leaf, 'granted', 'denied') {OF_EVENT}",
        f"{PLACE}: the text of",
    ),
    (f"UPDATE consent_event SET leaf_hash = HASH {OF_EVENT}", "has another hash than its leaf"),
    (f"UPDATE consent_event SET type = 'consent.refused' {OF_EVENT}", f"{PLACE}: the columns of"),
    (
        f"UPDATE consent_event SET openings = NULL {OF_EVENT}",
        f"{PLACE}: the opening of visitor is gone and no leaf says why",
    ),
    (
        f"UPDATE consent_event SET openings = {OPENINGS_OF_OTHER} {OF_EVENT}",
        f"{PLACE}: the opening of visitor is not what",
    ),
    (f"UPDATE consent_event SET leaf = NULL {OF_EVENT}", f"{PLACE}: the text is gone"),
    (f"DELETE FROM consent_event {OF_EVENT}", "is sealed but not stored"),
    (
        f"DELETE FROM ledger_leaf WHERE entry_id = {EVENT}",
        f"{PLACE}: the leaf {PLACE} is missing",
    ),
    (f"UPDATE checkpoint SET root = HASH {NEWEST}", "has another root"),
    (
        f"UPDATE checkpoint SET note = replace(note, '/shop/1', '/shop/2') {NEWEST}",
        "its text is not that of its columns",
    ),
    (f"UPDATE checkpoint SET size = size + 1 {NEWEST}", "a checkpoint says"),
]
OF_TILES = [
    ("UPDATE ledger_tile SET root = HASH", "the tile 0 of level 0 is wrong"),
    ("UPDATE ledger_tile SET tile_index = 1", "the tile 0 of level 0 is missing"),
    ("DELETE FROM ledger_tile", "the tile 0 of level 0 is missing"),
]


@pytest.mark.parametrize(("statement", "told"), CASES)
def test_whatever_is_changed_is_named(short: World, statement: str, told: str) -> None:
    tamper(short, statement)
    assert told in (differences(short) or [""])[0]


@pytest.mark.parametrize(("statement", "told"), OF_TILES)
def test_a_tile_that_is_changed_is_named(sqlite_world: World, statement: str, told: str) -> None:
    fill(sqlite_world, WIDTH)
    tamper(sqlite_world, statement)
    assert told in (differences(sqlite_world) or [""])[0]


def test_a_stored_event_that_was_taken_off_the_list_is_named(short: World) -> None:
    event = short.answer("shop", "accept")["consent"]["id"]
    with owner(short) as connection:
        connection.execute(text("DELETE FROM ledger_pending"))
    assert differences(short) == [f"{event} is stored but was never sealed and does not wait to be"]


def test_what_waits_but_is_not_stored_is_named(short: World) -> None:
    unknown = "018bcfe5-6800-7000-8000-00000000000a"
    with owner(short) as connection:
        connection.execute(
            text(
                "INSERT INTO ledger_pending SELECT site_id, :unknown, 'event', leaf_hash "
                "FROM ledger_leaf WHERE site_id = (SELECT site_id FROM site WHERE key = 'shop') "
                "LIMIT 1"
            ),
            {"unknown": unknown},
        )
    (told,) = differences(short)
    assert told == f"{unknown} waits to be sealed but is not stored"


# ------------------------------------------------------------------ projections


def states(world: World) -> list[Any]:
    with owner(world) as connection:
        rows = connection.execute(text("SELECT * FROM visitor_state ORDER BY visitor"))
        return [tuple(row) for row in rows]


def spoil(world: World, *statements: str) -> None:
    with owner(world) as connection:
        for statement in statements:
            connection.execute(text(statement))


SPOILT = [
    "DELETE FROM visitor_state",
    "UPDATE visitor_state SET visitor_seq = 99",
    "UPDATE visitor_state SET expires_at = NULL",
]


@pytest.mark.parametrize("statement", SPOILT)
def test_a_projection_is_made_anew_from_the_events(short: World, statement: str) -> None:
    before, rebuilding = states(short), short.services.rebuilding
    assert rebuilding.compare(site_id(short)) == Rebuilt(visitors=VISITORS - 1, wrong=0)
    spoil(short, statement)
    assert states(short) != before
    assert rebuilding.compare(site_id(short)).wrong == VISITORS - 1
    assert rebuilding.rebuild(site_id(short)).wrong == VISITORS - 1
    assert states(short) == before
    assert rebuilding.rebuild(site_id(short)) == Rebuilt(visitors=VISITORS - 1, wrong=0)


def test_a_state_of_a_visitor_without_events_is_removed(short: World) -> None:
    before = states(short)
    unknown = "ffffffff-6800-7000-8000-00000000000a"
    spoil(
        short,
        f"INSERT INTO visitor_state SELECT site_id, '{unknown}', event_id, visitor_seq, "
        "expires_at, state FROM visitor_state LIMIT 1",
    )
    assert short.services.rebuilding.rebuild(site_id(short)).wrong == 1
    assert states(short) == before
