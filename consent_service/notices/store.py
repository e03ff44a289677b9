"""Reads and writes notices."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from consent_service.db.upsert import dialect_insert
from consent_service.notices.model import Hour, Notice, Showing, Variant
from consent_service.notices.tables import impression, notice, notice_variant


def list_notices(connection: Connection, site_id: str) -> list[Notice]:
    """Return all notices of a site with their variants, by number."""
    variants: dict[int, list[Variant]] = {}
    for row in connection.execute(
        select(notice_variant)
        .where(notice_variant.c.site_id == site_id)
        .order_by(notice_variant.c.number, notice_variant.c.profile, notice_variant.c.locale)
    ):
        variants.setdefault(row.number, []).append(_variant(row))
    notices = select(notice).where(notice.c.site_id == site_id).order_by(notice.c.number)
    return [_notice(row, tuple(variants[row.number])) for row in connection.execute(notices)]


def insert_notice(tx: Connection, new: Notice) -> None:
    """Store a new notice with its variants."""
    of_notice = {"site_id": new.site_id, "number": new.number}
    tx.execute(
        insert(notice).values(
            **of_notice,
            sha256=new.sha256,
            snapshot=new.snapshot,
            effective_at=new.effective_at,
            published_at=new.published_at,
        )
    )
    tx.execute(
        insert(notice_variant),
        [
            {
                **of_notice,
                "profile": variant.profile,
                "locale": variant.locale,
                "sha256": variant.sha256,
                "body": variant.body,
            }
            for variant in new.variants
        ],
    )


def add_impressions(tx: Connection, hour: Hour, count: int) -> None:
    """Add showings to an hour's counter."""
    of_hour = {
        "site_id": hour.site_id,
        "hour": hour.hour,
        "kind": hour.kind.value,
        "notice": hour.notice,
        "profile": hour.profile,
        "locale": hour.locale,
    }
    new = dialect_insert(tx, impression).values(**of_hour, showings=count)
    total = impression.c.showings + new.excluded["showings"]
    tx.execute(new.on_conflict_do_update(index_elements=list(of_hour), set_={"showings": total}))


def list_impressions(connection: Connection, site_id: str) -> list[tuple[Hour, int]]:
    """Return all counters of a site by hour."""
    rows = connection.execute(
        select(impression).where(impression.c.site_id == site_id).order_by(impression.c.hour)
    )
    return [
        (
            Hour(
                site_id=row.site_id,
                hour=row.hour,
                kind=Showing(row.kind),
                notice=row.notice,
                profile=row.profile,
                locale=row.locale,
            ),
            row.showings,
        )
        for row in rows
    ]


def _variant(row: Row[Any]) -> Variant:
    return Variant(profile=row.profile, locale=row.locale, sha256=row.sha256, body=row.body)


def _notice(row: Row[Any], variants: tuple[Variant, ...]) -> Notice:
    return Notice(
        site_id=row.site_id,
        number=row.number,
        sha256=row.sha256,
        snapshot=row.snapshot,
        effective_at=row.effective_at,
        published_at=row.published_at,
        variants=variants,
    )
