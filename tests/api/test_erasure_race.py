"""An erasure that meets an answer, or a link, of the same visitor."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, select, text

from consent_service.consents.errors import VisitorUnknownError
from consent_service.consents.tables import subject_link
from consent_service.sites.model import Site
from tests.api.calls import stored_events
from tests.counts import count
from tests.fixtures_world import migrate
from tests.support.world import World, open_world

COPY = text(
    "INSERT INTO consent_event SELECT site_id, :fresh, visitor, visitor_seq + 1, type, ts, leaf,"
    " leaf_hash, openings, reference, state FROM consent_event WHERE event_id = :event"
)
HOLD = text("SELECT 1 FROM consent_event WHERE event_id = :event FOR SHARE")
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


def test_an_answer_that_holds_the_newest_event_is_waited_for(
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
        connection.execute(HOLD, {"event": given["consent"]["id"]})
        erasing.start()
        wait_until_blocked(other, erasing)
        connection.execute(COPY, names)
        connection.commit()
    erasing.join()
    other.dispose()
    assert statuses == [200]
    assert len(stored_events(world)) == 3
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


def test_an_erased_visitor_is_linked_to_nobody(world: World) -> None:
    for round_number in range(count(3, 20)):
        given = world.answer("shop", "accept")
        visitor = given["consent"]["visitor"]
        site = world.services.sites.get("shop")

        def link(subject: str, visitor: str = visitor, site: Site = site) -> None:
            with suppress(VisitorUnknownError):
                world.services.subjects.link(site, subject, visitor)

        with ThreadPoolExecutor(5) as pool:
            linking = [pool.submit(link, f"user {round_number}.{n}") for n in range(4)]
            erasing = pool.submit(
                world.client.delete,
                "/v1/sites/shop/consents/me",
                headers={"Authorization": f"Consent {given['credential']}"},
            )
            assert erasing.result().status_code == 200
            for each in linking:
                each.result()
        with world.services.db.read() as connection:
            left = select(subject_link).where(subject_link.c.visitor == visitor)
            assert connection.execute(left).all() == []
