"""An erasure and an answer of the same visitor that meet inside PostgreSQL."""

import threading
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

from tests.api.calls import stored_events
from tests.fixtures_world import migrate
from tests.support.world import World, open_world

COPY = text(
    "INSERT INTO consent_event SELECT site_id, :fresh, visitor, visitor_seq + 1, type, ts, leaf,"
    " leaf_hash, openings, reference, state FROM consent_event WHERE event_id = :event"
)
WAITS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def test_an_answer_that_is_stored_during_an_erasure_does_not_make_it_fail(
    postgres_database: str, tmp_path: Path
) -> None:
    migrate(postgres_database, tmp_path)
    world = open_world(postgres_database, tmp_path)
    given = world.answer("shop", "accept")
    statuses: list[int] = []
    erasing = threading.Thread(target=lambda: statuses.append(erase(world, given["credential"])))
    other = create_engine(postgres_database.replace("postgresql:", "postgresql+psycopg:"))
    with other.connect() as connection:
        names = {"fresh": str(uuid4()), "event": given["consent"]["id"]}
        connection.execute(COPY, names)
        erasing.start()
        wait_until_blocked(other, erasing)
        connection.commit()
    erasing.join()
    other.dispose()
    assert statuses == [200]
    assert all(event.visitor is None for event in stored_events(world))
    world.services.db.dispose()


def erase(world: World, credential: str) -> int:
    answer = world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {credential}"}
    )
    return answer.status_code


def wait_until_blocked(other: Engine, erasing: threading.Thread) -> None:
    """Wait until the erasure waits for the transaction that holds the next number."""
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while erasing.is_alive() and not connection.scalar(WAITS):
            pass
