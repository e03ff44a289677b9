"""Keeps the newest state of each visitor beside the events, in the sealing transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection

from consent_service.consents import store_states


def project_states(tx: Connection, site_id: str, event_ids: Sequence[str]) -> None:
    """Take over the states of events that are being sealed."""
    newest: dict[str, tuple[str, str, int, str]] = {}
    for row in store_states.list_events_for_states(tx, site_id, event_ids):
        _, visitor, seq, _ = row
        if visitor not in newest or newest[visitor][2] < seq:
            newest[visitor] = row
    store_states.put_states(tx, site_id, newest.values())
