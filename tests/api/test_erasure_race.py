"""An erasure that meets an answer, or a link, of the same visitor."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, TextClause, create_engine, select, text

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


@pytest.fixture
def postgres_world(postgres_database: str, tmp_path: Path) -> Iterator[World]:
    migrate(postgres_database, tmp_path)
    world = open_world(postgres_database, tmp_path)
    yield world
    world.services.db.dispose()


def test_an_answer_that_is_stored_during_an_erasure_does_not_make_it_fail(
    postgres_world: World,
) -> None:
    assert erase_beside(postgres_world, before=[COPY]) == 200
    assert all(event.visitor is None for event in stored_events(postgres_world))


def test_an_answer_that_holds_the_newest_event_is_waited_for(postgres_world: World) -> None:
    assert erase_beside(postgres_world, before=[HOLD], after=[COPY]) == 200
    assert len(stored_events(postgres_world)) == 3
    assert all(event.visitor is None for event in stored_events(postgres_world))


def erase_beside(
    world: World, *, before: Sequence[TextClause], after: Sequence[TextClause] = ()
) -> int:
    """Erase a visitor beside a transaction that makes it wait; return the answer's status.

    The statements `before` run before the erasure begins, those `after` while it waits.
    """
    given = world.answer("shop", "accept")
    names = {"fresh": str(uuid4()), "event": given["consent"]["id"]}
    other = create_engine(world.settings.database_url.replace("postgresql:", "postgresql+psycopg:"))
    with ThreadPoolExecutor(1) as pool, other.connect() as connection:
        for statement in before:
            connection.execute(statement, names)
        erasing = pool.submit(erase, world, given["credential"])
        wait_until_blocked(other, erasing)
        for statement in after:
            connection.execute(statement, names)
        connection.commit()
    other.dispose()
    return erasing.result()


def erase(world: World, credential: str) -> int:
    answer = world.client.delete(
        "/v1/sites/shop/consents/me", headers={"Authorization": f"Consent {credential}"}
    )
    return answer.status_code


def wait_until_blocked(other: Engine, erasing: Future[int]) -> None:
    """Wait until the erasure waits for the transaction that holds the next number."""
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not erasing.done() and not connection.scalar(WAITS):
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
