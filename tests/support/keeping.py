"""How the tests set what a site keeps, and read what is left."""

import json
from typing import Any

from sqlalchemy import select

from consent_service.consents.tables import (
    consent_event,
    subject_link,
    visitor_link,
    visitor_state,
)
from consent_service.consents.tables_restriction import restricted_event, restriction
from consent_service.ledger.tables import ledger_entry, ledger_mention
from tests.support.world import World

REASON = "We must be able to show to whom our advertisements were addressed."
_RETENTION = "retention: {consent_days: 185, refusal_days: 185, proof_months: 36}\nerasure: erase\n"


def keep(
    world: World, *, restrict: bool = False, months: int = 36, days: int | None = None
) -> None:
    """Publish the shop with other rules of what it keeps."""
    path = world.folder("shop") / "site.yaml"
    text = path.read_text("utf-8")
    assert _RETENTION in text
    openings = f", openings_days: {days}" if days else ""
    policy = f"{{consent_days: 185, refusal_days: 185, proof_months: {months}{openings}}}"
    erasure = (
        f"restrict\nerasure_reason: {{en: {REASON}, de: Wir müssen., ar: نلتزم.}}"
        if restrict
        else "erase"
    )
    text = text.replace(_RETENTION, f"retention: {policy}\nerasure: {erasure}\n")
    path.write_text(text, "utf-8")
    world.apply("shop")


def events(world: World) -> list[Any]:
    """Return the rows of all events, oldest first."""
    with world.services.db.read() as connection:
        return list(connection.execute(select(consent_event).order_by(consent_event.c.event_id)))


def named(world: World) -> set[str]:
    """Return the visitors whom any row names that is not kept apart."""
    found = set[str]()
    with world.services.db.read() as connection:
        for table in (consent_event, subject_link, visitor_link, visitor_state):
            found.update(connection.scalars(select(table.c.visitor)))
    return found - {None}


def hidden(world: World) -> set[str]:
    """Return the visitors who are restricted."""
    with world.services.db.read() as connection:
        found = set(connection.scalars(select(restriction.c.visitor)))
        assert found == set(connection.scalars(select(restricted_event.c.visitor)))
    return found


def leaves(world: World, kind: str) -> list[dict[str, Any]]:
    """Return the control leaves of a type, after checking what they mention."""
    with world.services.db.read() as connection:
        mentions: dict[str, set[str]] = {}
        for row in connection.execute(select(ledger_mention)):
            mentions.setdefault(row.entry_id, set()).add(row.leaf_hash.hex())
        rows = connection.execute(select(ledger_entry).order_by(ledger_entry.c.entry_id)).all()
    found = [(row.entry_id, leaf) for row in rows if (leaf := json.loads(row.leaf))["type"] == kind]
    for entry_id, leaf in found:
        about = {leaf["leaf"]} if "leaf" in leaf else set(leaf.get("leaves", ()))
        assert mentions.get(entry_id, set()) == about
    return [leaf for _, leaf in found]
