"""Measures how fast a log is sealed: leaves, tiles, projections, signatures, anchor. Prints JSON.

Run: `.venv/bin/python bench/sealing.py [EVENTS]`. Each event is of another visitor.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import insert

from consent_service.bootstrap import Services, build_migrations, build_services
from consent_service.consents.tables import consent_event
from consent_service.core.clock import SystemClock, format_time
from consent_service.core.commitments import commit
from consent_service.ledger.model import event_leaf
from consent_service.ledger.tables import ledger_pending
from consent_service.publishing.folder import read_folder
from consent_service.resources import bundled
from consent_service.settings import load_settings
from tests.postgres import server as postgres

PAGE = 5000


def main() -> None:
    """Seal the same number of events on each engine."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-seal-")))
        cluster = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-pg-")))
        started = postgres.ensure_started(cluster, os.getpid())
        stack.callback(postgres.stop, cluster)
        urls = {
            "sqlite": f"sqlite:///{folder / 'consent.db'}",
            "postgres": started.create_database(),
        }
        print(
            json.dumps({name: _measure(url, folder / name, events) for name, url in urls.items()})
        )


def _measure(url: str, folder: Path, events: int) -> dict[str, Any]:
    settings = load_settings({"CONSENT_DATABASE_URL": url, "CONSENT_DATA_DIR": str(folder)})
    build_migrations(settings).upgrade()
    services = build_services(settings, with_log_keys=True)
    try:
        services.publishing.apply(read_folder(bundled("examples") / "shop"))
        services.ledger.seal_all()
        for page in _pages(services, events):
            with services.db.write() as tx:
                tx.execute(insert(consent_event), [event for event, _ in page])
                tx.execute(insert(ledger_pending), [pending for _, pending in page])
        wall, cpu = time.perf_counter(), time.process_time()
        sealed = services.ledger.seal_all().leaves
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        services.db.dispose()
    return {
        "events": sealed,
        "per_second": round(sealed / wall),
        "cpu_microseconds_each": round(cpu / sealed * 1e6),
    }


def _pages(
    services: Services, events: int
) -> Iterator[list[tuple[dict[str, Any], dict[str, Any]]]]:
    site, clock, ids = services.sites.get("shop"), SystemClock(), services.ids
    for first in range(0, events, PAGE):
        page = []
        for _ in range(first, min(first + PAGE, events)):
            visitor, now = ids.uuid7(), clock.now()
            values = dict.fromkeys(("analytics", "functional", "marketing"), "granted")
            commitments, openings = commit({"visitor": visitor}, ids)
            body = {
                "v": 1,
                "log": site.log_origin,
                "id": ids.uuid7(),
                "type": "consent.given",
                "ts": format_time(now),
                "decisions": values,
                "notice": {"n": 1, "sha256": "0" * 64, "variant": "1" * 64},
                "locale": "en",
                "method": "banner",
                "profile": "eu-opt-in",
                "why": "site:only",
                "signals": {"gpc": False},
                "priv": commitments,
            }
            leaf = event_leaf(body, now)
            decision = {"value": "granted", "notice": 1, "at": format_time(now)}
            state = {"purposes": dict.fromkeys(values, decision), "services": {}, "documents": {}}
            of_event = {
                "site_id": site.site_id,
                "event_id": leaf.entry_id,
                "visitor": visitor,
                "visitor_seq": 1,
                "type": "consent.given",
                "ts": now,
                "leaf": leaf.text,
                "leaf_hash": leaf.hash,
                "openings": json.dumps(openings),
                "reference": ids.reference(),
                "state": json.dumps(state),
            }
            pending = {
                "site_id": site.site_id,
                "entry_id": leaf.entry_id,
                "kind": "event",
                "leaf_hash": leaf.hash,
            }
            page.append((of_event, pending))
        yield page


if __name__ == "__main__":
    main()
