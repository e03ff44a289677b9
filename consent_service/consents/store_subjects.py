"""Reads and writes the links between a site's own users and their visitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from consent_service.consents.tables import spent_assertion, subject_link
from consent_service.db.unit import Row
from consent_service.db.upsert import dialect_insert


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLink:
    """A visitor of a subject; the subject itself is kept as a keyed hash only."""

    subject_hash: bytes
    visitor: str
    linked_at: datetime


def link_row(site_id: str, link: SubjectLink) -> Row:
    """Return a link as a row of a unit."""
    return Row(
        subject_link,
        {
            "site_id": site_id,
            "subject_hash": link.subject_hash,
            "visitor": link.visitor,
            "linked_at": link.linked_at,
        },
    )


def insert_subject_link(tx: Connection, site_id: str, link: SubjectLink) -> bool:
    """Store a link; tell whether it is new."""
    row = link_row(site_id, link)
    new = dialect_insert(tx, row.table).values(dict(row.values)).on_conflict_do_nothing()
    return tx.execute(new.returning(subject_link.c.visitor)).first() is not None


def insert_subject_links(tx: Connection, site_id: str, links: Sequence[SubjectLink]) -> None:
    """Store links of new visitors."""
    if links:
        tx.execute(insert(subject_link), [dict(link_row(site_id, each).values) for each in links])


def list_subject_links(
    connection: Connection, site_id: str, subject_hashes: Sequence[bytes]
) -> list[SubjectLink]:
    """Return the links of a subject, under any of its hashes, oldest first."""
    query = (
        select(subject_link)
        .where(subject_link.c.site_id == site_id, subject_link.c.subject_hash.in_(subject_hashes))
        .order_by(subject_link.c.linked_at, subject_link.c.visitor)
    )
    return [
        SubjectLink(subject_hash=row.subject_hash, visitor=row.visitor, linked_at=row.linked_at)
        for row in connection.execute(query)
    ]


def count_subjects(connection: Connection, site_id: str, visitor: str) -> int:
    """Return how many subjects are linked to a visitor."""
    query = (
        select(func.count())
        .select_from(subject_link)
        .where(subject_link.c.site_id == site_id, subject_link.c.visitor == visitor)
    )
    return connection.scalar(query) or 0


def delete_subject(tx: Connection, site_id: str, subject_hashes: Sequence[bytes]) -> int:
    """Remove the links of a subject; return how many there were."""
    of_subject = (subject_link.c.site_id == site_id) & subject_link.c.subject_hash.in_(
        subject_hashes
    )
    return tx.execute(delete(subject_link).where(of_subject)).rowcount


def insert_spent(tx: Connection, site_id: str, nonce_hash: bytes, expires_at: datetime) -> None:
    """Note that an assertion was used.

    Raises:
        ConflictError: it was used before.
    """
    spent = {"site_id": site_id, "nonce_hash": nonce_hash, "expires_at": expires_at}
    tx.execute(insert(spent_assertion).values(spent))


def delete_spent(tx: Connection, before: datetime) -> int:
    """Forget assertions that are too old to be used anyway; return how many those were."""
    return tx.execute(delete(spent_assertion).where(spent_assertion.c.expires_at < before)).rowcount
